/** CMNeXt against PyTorch: values, gradients, running statistics and training. */
import assert from 'node:assert/strict';
import { Cmnext } from '../../../src/models/cmnext/cmnext.js';
import { cmnextFromDeliver } from '../../../src/models/cmnext/config.js';
import { deliverWeights, loadCmnextWeights } from '../../../src/models/cmnext/weights.js';
import type { Inputs } from '../../../src/models/base.js';
import type { NamedValues } from '../../../src/tensor/parameters.js';
import { stream } from '../../../src/tensor/random.js';
import { tf } from '../../../src/tensor/tf.js';
import { describeBackend } from '../../../src/tensor/backend.js';
import { AdamW, adamWDefaults } from '../../../src/training/adamw.js';
import { crossEntropy } from '../../../src/training/crossEntropy.js';
import { updateParameters } from '../../../src/training/update.js';
import { ignoredLabel } from '../../../src/data/dataset.js';
import {
  assertRows,
  cmnextCase,
  labelsOf,
  picturesOf,
  weightsFor,
  type CmnextCase,
} from '../../support/cmnextCases.js';
import { skip } from '../../support/skip.js';

/** Maps as PyTorch has them, colours or channels before height and width */
const channelsFirst = async (map: tf.Tensor) => {
  const turned = tf.transpose(map, [0, 3, 1, 2]);
  const values = await turned.data();
  turned.dispose();
  return values;
};

for (const name of ['three', 'training', 'one', 'uneven', 'zeroed']) {
  describe(`CMNeXt equals PyTorch: ${name}`, () => {
    const golden = cmnextCase(name);
    const { config, tensors } = golden;
    let network: Cmnext;
    let inputs: Inputs;
    let labels: tf.Tensor;
    beforeEach(() => {
      network = networkOf(golden);
      inputs = Object.fromEntries(
        [...picturesOf(golden)].map(([modality, { shape, values }]) => [
          modality,
          tf.tensor(values, [...shape]),
        ]),
      );
      const { shape, values } = labelsOf(golden);
      labels = tf.tensor(values, [...shape], 'int32');
    });
    afterEach(() => {
      network.parameters.dispose();
      tf.dispose([inputs, labels]);
    });

    const fused = (images = inputs) =>
      network.fuse(network.embed(images), undefined, network.gridOf(images));
    const lossOf = (images?: Inputs) => {
      network.training = config.mode === 'training' ? stream(1, 'dropout') : undefined;
      try {
        return crossEntropy(fused(images).logits, labels, { ignoreIndex: ignoredLabel });
      } finally {
        network.training = undefined;
      }
    };
    const trained = () => network.parameters.names.filter((each) => !network.isFixed(each));

    if (config.mode === 'evaluation') {
      it('has the features of each stage and the logits', async () => {
        const { features, logits } = fused();
        const maps = await Promise.all(features.map(channelsFirst));
        assertRows(
          tensors.get('features')!,
          maps.map((values, stage) => [`stage ${stage + 1}`, values] as const),
        );
        assertRows(tensors.get('logits')!, [['logits', await channelsFirst(logits)]]);
        tf.dispose([features, logits]);
      });
    }

    it('has the loss, and its gradients by every parameter and image', async function () {
      if (config.zeroed && describeBackend().name === 'webgpu') {
        skip(this, 'of cells that are equal another than the first is the largest by rounding');
      }
      const variables = trained().map((each) => network.parameters.get(each));
      const { value, grads } = tf.variableGrads(() => lossOf().asScalar(), variables);
      const [loss] = await value.data();
      const expected = tensors.get('loss')!.values[0]!;
      assert.ok(Math.abs(loss! / expected - 1) < 1e-5, `${loss} and not ${expected}`);

      // A network of which the parameters are the gradients gives them under their names in PyTorch.
      const gradients: NamedValues = new Map();
      for (const [each, { shape }] of await network.parameters.read()) {
        const gradient = grads[network.parameters.get(each).name];
        const values = gradient
          ? ((await gradient.data()) as Float32Array)
          : new Float32Array(shape.reduce((product, size) => product * size, 1));
        gradients.set(each, { shape, values });
      }
      const ofGradients = networkOf(golden);
      ofGradients.parameters.load(gradients);
      const named = [...(await deliverWeights(ofGradients))]
        .filter(([each]) => !each.includes('.running_'))
        .sort(([one], [other]) => (one < other ? -1 : 1));
      assertRows(
        tensors.get('gradients')!,
        named.map(([each, { values }]) => [each, values] as const),
      );
      ofGradients.parameters.dispose();
      tf.dispose([value, grads]);

      const modalities = Object.keys(inputs);
      const byImages = tf.grads((...images: tf.Tensor[]) =>
        lossOf(Object.fromEntries(images.map((image, index) => [modalities[index]!, image]))),
      )(Object.values(inputs));
      const maps = await Promise.all(byImages.map(channelsFirst));
      assertRows(
        tensors.get('input_gradients')!,
        maps.map((values, index) => [modalities[index]!, values] as const),
      );
      tf.dispose(byImages);
    });

    if (config.mode === 'evaluation') return;

    it('has the running statistics after a step', async () => {
      lossOf().dispose();
      const named = [...(await deliverWeights(network))]
        .filter(([each]) => each.includes('.running_'))
        .sort(([one], [other]) => (one < other ? -1 : 1));
      const values = named.flatMap(([, own]) => [...own.values]);
      const expected = tensors.get('running')!.values;
      assert.equal(values.length, expected.length);
      values.forEach((value, index) => {
        const error = Math.abs(value - expected[index]!);
        assert.ok(error < 1e-5, `number ${index}: ${value} and not ${expected[index]}`);
      });
    });

    it('has the losses of seven steps with AdamW', async () => {
      const optimiser = new AdamW(
        [
          {
            ...{ name: 'base', parameters: network.parameters },
            isTrained: (each: string) => !network.isFixed(each),
          },
        ],
        { ...adamWDefaults, weightDecay: 0.01 },
      );
      const expected = tensors.get('losses')!.values;
      for (const [step, wanted] of expected.entries()) {
        const losses = updateParameters({
          ...{ optimiser, learningRate: 1e-3 },
          losses: () => ({ total: lossOf().asScalar() }),
        });
        const [loss] = await losses.total.data();
        tf.dispose(losses);
        assert.ok(Math.abs(loss! / wanted - 1) < 1e-4, `step ${step}: ${loss} and not ${wanted}`);
      }
      optimiser.dispose();
    });
  });
}

/** The network of a case with its weights, without drop path and dropout. */
function networkOf({ config }: CmnextCase): Cmnext {
  const without = { dropPath: 0, headDropout: 0 };
  const network = new Cmnext({ ...cmnextFromDeliver(config), layoutSlip: false, ...without }, 1);
  loadCmnextWeights(network, weightsFor(config.modalities.length));
  return network;
}
