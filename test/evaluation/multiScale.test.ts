/** Answers averaged over sizes and a mirror: against PyTorch, and against the single views of a CMNeXt. */
import assert from 'node:assert/strict';
import { LinearProjection } from '../../src/baselines/linearProjection.js';
import type { Dataset } from '../../src/data/dataset.js';
import { generateScenes } from '../../src/data/scenes/scenes.js';
import { evaluateScenarios } from '../../src/evaluation/evaluate.js';
import { evaluationSchema } from '../../src/evaluation/evaluation.js';
import { multiScalePredictor, type MultiScale } from '../../src/evaluation/multiScale.js';
import { basePredictor, mmpPredictor, type Predictor } from '../../src/evaluation/predictors.js';
import { Mmp } from '../../src/mmp/mmp.js';
import type { Projector } from '../../src/mmp/projector.js';
import { namesOf, type Inputs } from '../../src/models/base.js';
import { Cmnext } from '../../src/models/cmnext/cmnext.js';
import type { Parameters } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { cmnextInputs, tinyCmnext } from '../support/cmnext.js';
import { asExpected } from '../support/compare.js';
import { TorchFixture } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';
import { subsets } from '../support/projectors.js';

describe('answers at several scales', () => {
  const plainMirror = {};

  describe('of one convolution', () => {
    const torch = new TorchFixture('multiScale');
    const network: Predictor = ({ a, b }) =>
      tf.conv2d(tf.mul<tf.Tensor4D>(a!, b!), torch.tensor('weight') as tf.Tensor4D, 1, 'same');
    /** Channel 1 of b is 1 − x in a mirror. */
    const turning = {
      mirrored: ({ a, b }: Inputs): Inputs => ({
        a: tf.reverse(a!, 2),
        b: tf.add(tf.mul(tf.reverse(b!, 2), [1, -1, 1]), [0, 1, 0]),
      }),
    };
    const cases: [name: string, MultiScale, typeof plainMirror | typeof turning][] = [
      ['cut', { scales: [0.9], flip: false }, turning],
      ['flipped', { scales: [0.5, 1, 1.7], flip: true }, plainMirror],
      ['turned', { scales: [1], flip: true }, turning],
    ];
    for (const [name, multiScale, mirror] of cases) {
      it(`are those of PyTorch: ${name}`, async () => {
        const { scales, flip } = multiScale;
        const predictor = multiScalePredictor(network, mirror, multiScale);
        const answers = predictor({ a: torch.tensor('a'), b: torch.tensor('b') }, []);
        const views = scales.length * (flip ? 2 : 1);
        const summed = tf.mul(tf.exp(answers), views);
        await assertClose(name, summed, torch.stored(name), 'layer');
      });
    }
  });

  describe('of CMNeXt', () => {
    const config = tinyCmnext(2);
    let base: Cmnext;
    let inputs: Inputs;
    const made: Parameters[] = [];
    before(() => {
      base = new Cmnext(config, 1);
      inputs = cmnextInputs(config);
      made.push(base.parameters);
    });
    after(() => {
      for (const parameters of made) parameters.dispose();
      tf.dispose(inputs);
    });
    const withProjector = (projector: Projector) => {
      made.push(projector.parameters);
      return mmpPredictor(base, projector);
    };
    const mmp = (refine: 'tokens' | 'aggregated') =>
      withProjector(new Mmp({ modalities: base.modalities, width: 4, heads: 2, refine }, 1));
    const predictors = {
      'the network alone': () => basePredictor(base),
      MMP: () => mmp('tokens'),
      'a linear projection': () => withProjector(new LinearProjection(base.modalities, 1)),
    };

    for (const [name, make] of Object.entries(predictors)) {
      it(`are the single answer where there is one view: ${name}`, async () => {
        const predictor = make();
        const once = multiScalePredictor(predictor, plainMirror, { scales: [1], flip: false });
        for (const masked of subsets(namesOf(base))) {
          const expected = tf.logSoftmax(predictor(inputs, masked));
          const answers = once(inputs, masked);
          await assertClose(masked.join(), answers, await asExpected(expected), 'layer');
        }
      });

      it(`are the mean of both, in the mirror and not, which TF.js resizes: ${name}`, async () => {
        const resize = (image: tf.Tensor, height: number, width: number) =>
          tf.image.resizeBilinear(image as tf.Tensor4D, [height, width], true);
        const flip = (image: tf.Tensor) => tf.image.flipLeftRight(image as tf.Tensor4D);
        const ofEach = (images: Inputs, change: (image: tf.Tensor) => tf.Tensor): Inputs =>
          Object.fromEntries(Object.entries(images).map(([own, image]) => [own, change(image)]));
        const predictor = make();
        const predictLarger = multiScalePredictor(predictor, plainMirror, {
          scales: [1.25],
          flip: true,
        });
        const masked = ['rgb'];
        // 1.25 times 32 and 64 are 40 and 80, so 64 and 96.
        const larger = ofEach(inputs, (image) => resize(image, 64, 96));
        const answers = [
          predictor(larger, masked),
          flip(predictor(ofEach(larger, flip), masked)),
        ].map((logits) => tf.softmax(resize(logits, 32, 64)));
        const expected = tf.mean(tf.stack(answers), 0);
        const actual = tf.exp(predictLarger(inputs, masked));
        await assertClose(name, actual, await asExpected(expected), 'network');
      });
    }

    it('leave nothing behind, also where a view cannot be', async () => {
      const predictor = mmp('tokens');
      const twice = multiScalePredictor(predictor, plainMirror, { scales: [1, 0.5], flip: true });
      await assertSteady(() => {
        tf.dispose(twice(inputs, ['depth']));
      });
      const failing = multiScalePredictor(predictor, plainMirror, {
        scales: [1, 0.02],
        flip: false,
      });
      await assertSteady(() => {
        assert.throws(
          () => failing(inputs, []),
          /multiScalePredictor: at scale 0.02 nothing is left of 32 × 64 pixels/,
        );
      });
    });

    it('name what a projector cannot fill', () => {
      const larger = multiScalePredictor(mmp('aggregated'), plainMirror, {
        scales: [2],
        flip: false,
      });
      assert.throws(
        () => larger(inputs, ['depth']),
        /Cmnext.fuse: depth must have 16 × 32 tokens, got \[2, 128, 4\]/,
      );
    });
  });

  it('need scales', () => {
    const refused = (scales: number[], got: string) => {
      assert.throws(() => multiScalePredictor(() => tf.scalar(0), {}, { scales, flip: true }), {
        message: `multiScalePredictor: scales must be positive numbers, got ${got}`,
      });
    };
    refused([], 'none');
    refused([1, 0], '1, 0');
    refused([-1], '-1');
    refused([NaN], 'NaN');
    refused([Infinity], 'Infinity');
  });

  it('are measured in the mirror of the data set, and an evaluation says so', async () => {
    const few = { train: 1, validation: 1, test: 2 };
    const scenes = generateScenes({
      height: 32,
      width: 32,
      scenes: few,
      modalities: ['rgb', 'polarisation'],
    });
    const seen: tf.Tensor[] = [];
    const predictor: Predictor = ({ polarisation }) => {
      seen.push(tf.keep(tf.clone(polarisation!)));
      return tf.zeros([2, 32, 32, scenes.classes.length]);
    };
    const multiScale = { scales: [1], flip: true };
    const options = { split: 'test', seed: 1, resamples: 2 } as const;
    const evaluation = await evaluateScenarios(predictor, scenes, { ...options, multiScale });
    const plain = scenes.inputs(scenes.splits.test);
    const mirrored = scenes.mirrored(plain);
    await assertClose('plain', seen[0]!, await asExpected(plain.polarisation!), 0);
    await assertClose('mirrored', seen[1]!, await asExpected(mirrored.polarisation!), 0);
    tf.dispose([seen, plain, mirrored]);
    assert.deepEqual(evaluation.multiScale, multiScale);
    assert.deepEqual(evaluationSchema.parse(JSON.parse(JSON.stringify(evaluation))), evaluation);
    const once = await evaluateScenarios(predictor, scenes, options);
    assert.ok(!('multiScale' in once));
  });

  it('are refused for samples with one label', async () => {
    const dataset: Dataset = {
      name: 'toy',
      modalities: ['a'],
      classes: ['x'],
      labels: Int32Array.of(0),
      splits: { train: [], validation: [], test: [0] },
      inputs: () => assert.fail('nothing is asked for'),
    };
    await assert.rejects(
      evaluateScenarios(() => tf.zeros([1, 1]), dataset, {
        split: 'test',
        seed: 1,
        multiScale: { scales: [1], flip: true },
      }),
      /evaluateScenarios: multiScale is for segmentations, and toy is a classification/,
    );
  });
});
