/** MMP on MulT: sequences of unlike lengths, projected right behind the convolutions. */
import assert from 'node:assert/strict';
import { basePredictor, mmpPredictor, type Predictor } from '../../src/evaluation/predictors.js';
import { Mmp } from '../../src/mmp/mmp.js';
import type { Mult } from '../../src/models/mult/mult.js';
import { tf } from '../../src/tensor/tf.js';
import { random } from '../support/compare.js';
import { assertSteady } from '../support/leaks.js';
import { loadedMult, multInputs } from '../support/mult.js';

const names = ['text', 'audio', 'vision'] as const;

describe('MMP on MulT', () => {
  let base: Mult;
  let projector: Mmp;
  let predictor: Predictor;
  let inputs: ReturnType<typeof multInputs>;
  before(() => {
    inputs = multInputs();
    base = loadedMult();
    projector = new Mmp({ modalities: base.modalities, width: 4, heads: 2, aggregated: 2 }, 1);
    predictor = mmpPredictor(base, projector);
  });
  after(() => {
    base.parameters.dispose();
    projector.parameters.dispose();
  });

  it('leaves the network as it is where nothing is missing', async () => {
    const expected = await basePredictor(base)(inputs, []).data();
    assert.deepEqual(await predictor(inputs, []).data(), expected);
  });

  for (const missing of names) {
    it(`reads nothing of ${missing} where it is missing`, async () => {
      const expected = await predictor(inputs, [missing]).data();
      const other = { ...inputs, [missing]: random(inputs[missing].shape, 5) };
      const absent = Object.fromEntries(
        Object.entries(inputs).filter(([name]) => name !== missing),
      );
      assert.ok(expected.every((value) => Number.isFinite(value)));
      assert.deepEqual(await predictor(other, [missing]).data(), expected);
      assert.deepEqual(await predictor(absent, [missing]).data(), expected);
      assert.notDeepEqual(await predictor(inputs, []).data(), expected);
    });
  }

  it('reaches every projecting parameter and the convolutions of what is available', () => {
    const variables = projector.parameters.names.map((name) => projector.parameters.get(name));
    const convolutions = names.map((name) => base.parameters.get(`embed.${name}.weight`));
    const { grads } = tf.variableGrads(() => {
      const squares = names.map((name) => tf.sum(tf.square(predictor(inputs, [name]))));
      return tf.addN(squares).asScalar();
    });
    for (const { name } of [...variables, ...convolutions]) assert.ok(grads[name], name);
  });

  it('keeps no tensor', async () => {
    await assertSteady(() => {
      tf.tidy(() => predictor(inputs, ['audio'])).dispose();
    });
  });
});
