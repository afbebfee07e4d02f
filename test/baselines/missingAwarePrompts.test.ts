/** Missing-aware prompts: their sizes and first values, and that each case reads its own. */
import assert from 'node:assert/strict';
import { MissingAwarePrompts } from '../../src/baselines/missingAwarePrompts.js';
import type { PromptsConfig } from '../../src/baselines/missingAwarePrompts.js';
import { pictureAndTextAbsence } from '../../src/data/pictureAndText.js';
import { Vilt } from '../../src/models/vilt/vilt.js';
import { tf } from '../../src/tensor/tf.js';
import { random } from '../support/compare.js';
import { assertSteady } from '../support/leaks.js';

const sizes = { vocabulary: 11, textLength: 6, imageSize: 16, patch: 8, classes: 3 };
const network = { ...sizes, width: 8, heads: 2, layers: 3, mlpRatio: 2 };
const config: Record<PromptsConfig['level'], PromptsConfig> = {
  attention: { level: 'attention', length: 8, layers: 2 },
  input: { level: 'input', length: 4, layers: 2 },
};
const encoder = {
  length: 6,
  vocabularySize: 11,
  encode: () => ({
    ids: Int32Array.of(1, 2, 0, 0, 0, 0),
    mask: Int32Array.of(1, 1, 0, 0, 0, 0),
  }),
};
const absence = pictureAndTextAbsence(encoder, 'ones');
const inputs = () => ({
  text: tf.tensor2d([3, 4, 5, 6, 7, 8, 3, 9, 10, 2, 0, 0], [2, 6], 'int32'),
  textMask: tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 6], 'int32'),
  image: random([2, 16, 16, 3], 7),
});
const cases = [[], ['image'], ['text']];

describe('missing-aware prompts', () => {
  let base: Vilt;
  beforeEach(() => (base = new Vilt(network, 1)));
  afterEach(() => {
    base.parameters.dispose();
  });

  it('have 221,184 parameters at the size of ViLT-B', () => {
    // 3 cases × 6 layers × 16 tokens × 768; only shapes are looked at, so a narrow network of 12 layers will do.
    const deep = new Vilt({ ...network, layers: 12 }, 1);
    const prompts = new MissingAwarePrompts(deep, { level: 'input', length: 16, layers: 6 }, 1);
    assert.equal((prompts.parameters.count / network.width) * 768, 221_184);
    deep.parameters.dispose();
    prompts.parameters.dispose();
  });

  it('begin as zeros with a row of ones that says the case', async () => {
    const rowsOfOnes = async (level: PromptsConfig['level'], name: string) => {
      const prompts = new MissingAwarePrompts(base, config[level], 1);
      const layers = (await prompts.parameters.get(name).array()) as number[][][];
      prompts.parameters.dispose();
      return layers.map((rows) =>
        rows.flatMap((row, index) => {
          assert.ok(row.every((value) => value === row[0]!));
          return row[0] === 1 ? [index] : [];
        }),
      );
    };
    const both = (rows: number[]) => [rows, rows];
    assert.deepEqual(await rowsOfOnes('input', 'complete'), both([0]));
    assert.deepEqual(await rowsOfOnes('input', 'missing.image'), both([1]));
    assert.deepEqual(await rowsOfOnes('input', 'missing.text'), both([2]));
    // Keys and values apart: four rows of each
    assert.deepEqual(await rowsOfOnes('attention', 'missing.text'), both([2, 6]));
  });

  for (const level of ['attention', 'input'] as const) {
    describe(`of ${level} level`, () => {
      let prompts: MissingAwarePrompts;
      beforeEach(() => (prompts = new MissingAwarePrompts(base, config[level], 1)));
      afterEach(() => {
        prompts.parameters.dispose();
      });

      it('reach the logits of their own case, and every one of them is trained', async () => {
        const logits = () => cases.map((masked) => prompts.predictor(absence)(inputs(), masked));
        const before = await Promise.all(logits().map((x) => x.data()));
        const variable = prompts.parameters.get('missing.text');
        variable.assign(tf.add(variable, random(variable.shape, 3)));
        const after = await Promise.all(logits().map((x) => x.data()));
        const changed = before.map((values, index) =>
          values.some((value, at) => value !== after[index]![at]),
        );
        assert.deepEqual(changed, [false, false, true]);

        const { grads } = tf.variableGrads(
          () => tf.sum(tf.square(prompts.predictor(absence)(inputs(), ['text']))).asScalar(),
          [variable],
        );
        const gradient = (await tf.abs(grads[variable.name]!).max(-1).data()) as Float32Array;
        assert.ok(gradient.every((value) => value > 0));
      });

      it('read no input of what is missing', async () => {
        const predictor = prompts.predictor(absence);
        const others = {
          text: { ...inputs(), text: tf.onesLike(inputs().text) },
          image: { ...inputs(), image: random([2, 16, 16, 3], 8) },
        };
        for (const [name, other] of Object.entries(others)) {
          const one = await predictor(inputs(), [name]).data();
          assert.deepEqual(await predictor(other, [name]).data(), one);
        }
      });

      it('leave no tensor', async () => {
        await assertSteady(() => {
          tf.tidy(() => {
            prompts.predictor(absence)(inputs(), ['image']);
          });
        });
      });
    });
  }

  it('refuse what cannot be', () => {
    const refused = (wrong: Partial<PromptsConfig>, message: RegExp) => {
      assert.throws(() => new MissingAwarePrompts(base, { ...config.input, ...wrong }, 1), {
        message,
      });
    };
    refused({ layers: 4 }, /layers: must be 1 … 3, got 4/);
    refused({ length: 2 }, /length: needs at least 3, got 2/);
    refused({ level: 'attention', length: 7 }, /length: needs an even number from 6, got 7/);
    const prompts = new MissingAwarePrompts(base, config.input, 1);
    assert.throws(() => prompts.promptsOf(['sound']), { message: /unknown modality "sound"/ });
    assert.throws(() => prompts.promptsOf(['text', 'image']), { message: /every modality/ });
    prompts.parameters.dispose();
  });
});
