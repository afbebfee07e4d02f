/** MMP on ViLT: projected right behind the embeddings, also the token that is pooled, and sample by sample. */
import assert from 'node:assert/strict';
import { LinearProjection } from '../../src/baselines/linearProjection.js';
import {
  basePredictor,
  masksOfAvailable,
  mmpPredictor,
  type Predictor,
} from '../../src/evaluation/predictors.js';
import { complete, completeEach } from '../../src/mmp/complete.js';
import { Mmp } from '../../src/mmp/mmp.js';
import type { Projector } from '../../src/mmp/projector.js';
import type { ModalityShape } from '../../src/models/base.js';
import { Vilt } from '../../src/models/vilt/vilt.js';
import { takeRows } from '../../src/tensor/rows.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { asExpected, random } from '../support/compare.js';

const sizes = { vocabulary: 11, textLength: 6, imageSize: 16, patch: 8, classes: 3 };
const network = { ...sizes, width: 8, heads: 2, layers: 2, mlpRatio: 2 };

/** Three samples; the last two texts are shorter. */
const inputs = () => ({
  text: tf.tensor2d([3, 4, 5, 6, 7, 8, 3, 9, 10, 2, 0, 0, 3, 2, 0, 0, 0, 0], [3, 6], 'int32'),
  textMask: tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0], [3, 6], 'int32'),
  image: random([3, 16, 16, 3], 7),
});

describe('MMP on ViLT', () => {
  let base: Vilt;
  before(() => (base = new Vilt(network, 1)));
  after(() => {
    base.parameters.dispose();
  });

  const kinds: Record<string, (modalities: readonly ModalityShape[]) => Projector> = {
    MMP: (modalities) => new Mmp({ modalities, width: 8, heads: 2 }, 1),
    'linear projection': (modalities) => new LinearProjection(modalities, 1),
  };
  for (const [title, make] of Object.entries(kinds)) {
    describe(`by ${title}`, () => {
      let projector: Projector;
      let predictor: Predictor;
      before(() => {
        projector = make(base.modalities);
        predictor = mmpPredictor(base, projector);
      });
      after(() => {
        projector.parameters.dispose();
      });

      it('leaves the network as it is where nothing is missing', async () => {
        const expected = await basePredictor(base)(inputs(), []).data();
        assert.deepEqual(await predictor(inputs(), []).data(), expected);
      });

      it('reads nothing of what is missing, not even what is padding in it', async () => {
        const changed = {
          text: {
            ...inputs(),
            text: tf.onesLike(inputs().text),
            textMask: tf.onesLike(inputs().text),
          },
          image: { ...inputs(), image: random([3, 16, 16, 3], 8) },
        };
        for (const [missing, other] of Object.entries(changed)) {
          const expected = await predictor(inputs(), [missing]).data();
          assert.deepEqual(await predictor(other, [missing]).data(), expected, missing);
        }
      });

      it('pools a projected token where the text is missing', async () => {
        const { tokens, projected } = complete(projector, base.embed(inputs()), ['text']);
        assert.equal(tokens.text, projected.text);
        // Every token of the text counts as real, so the logits are those without any mask.
        await assertClose(
          'logits',
          predictor(inputs(), ['text']),
          await asExpected(base.fuse(tokens).logits),
          'arrangement',
        );
        const first = tf.concat(
          [tf.zeros([3, 1, 8]), tf.slice(projected.text!, [0, 1, 0], [3, 5, 8])],
          1,
        );
        const without = await base.fuse({ ...tokens, text: first }).logits.data();
        assert.notDeepEqual(await base.fuse(tokens).logits.data(), without);
      });

      it('completes samples of one batch that lack different modalities', async () => {
        const missing = [['text'], [], ['image']];
        const together = completeEach(projector, base.embed(inputs()), missing);
        const masks = base.tokenMasks(inputs());
        // A projected text has no padding, so its row of the mask is all ones.
        const text = tf.concat([tf.ones([1, 6], 'int32'), tf.slice(masks.text!, [1, 0], [2, 6])]);
        const { logits } = base.fuse(together, { text });
        for (const [sample, masked] of missing.entries()) {
          const alone = Object.fromEntries(
            Object.entries(inputs()).map(([name, all]) => [name, takeRows(all, [sample])]),
          );
          const expected = await asExpected(predictor(alone, masked));
          const row = takeRows(logits, [sample]);
          await assertClose(`sample ${sample}`, row, expected, 'network');
        }
      });

      it('reaches the embeddings of what is available and every projecting parameter', () => {
        const names = projector.parameters.names;
        const variables = names.map((name) => projector.parameters.get(name));
        const { grads } = tf.variableGrads(
          () =>
            tf
              .add(
                tf.sum(tf.square(predictor(inputs(), ['text']))),
                tf.sum(tf.square(predictor(inputs(), ['image']))),
              )
              .asScalar(),
          [...variables, base.parameters.get('embed.text.word')],
        );
        const reached = variables.filter(({ name }) => grads[name]);
        assert.equal(reached.length, names.length);
        assert.ok(grads[base.parameters.get('embed.text.word').name]);
      });
    });
  }

  it('keeps the masks of available modalities alone', () => {
    assert.deepEqual(Object.keys(masksOfAvailable(base, inputs(), ['image'])), ['text']);
    assert.deepEqual(Object.keys(masksOfAvailable(base, inputs(), ['text'])), []);
  });
});
