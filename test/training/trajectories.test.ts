/** Small trainings, step by step as PyTorch's own losses, optimisers, clipping and schedulers do them. */
import assert from 'node:assert/strict';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW, adamWDefaults, type AdamWOptions } from '../../src/training/adamw.js';
import { clipByGlobalNorm, clipByValue } from '../../src/training/clipping.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { ohemCrossEntropy } from '../../src/training/ohem.js';
import { Plateau } from '../../src/training/plateau.js';
import { l1Loss, smoothL1Loss } from '../../src/training/regression.js';
import {
  constant,
  warmupLinear,
  warmupPolynomial,
  type Schedule,
} from '../../src/training/schedule.js';
import { updateParameters, type Update } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';

interface Training extends Pick<Update, 'clipping' | 'accumulation'> {
  /** A fixture is `training_` and this. */
  readonly name: string;
  readonly steps: number;
  readonly batches: number;
  readonly optimiser: AdamWOptions;
  readonly rate: Schedule;
  /** The loss of what is predicted for a batch */
  readonly loss: (predicted: tf.Tensor, batch: (name: string) => tf.Tensor) => tf.Tensor;
  /** Told the loss of every step */
  readonly observe?: (loss: number) => void;
}

/** Trains, and compares parameters, loss and rate of every step. */
async function follow(training: Training): Promise<void> {
  const torch = new TorchFixture(`training_${training.name}`);
  const layers = ['hidden', 'output'].map((layer) => madeLayer(torch, layer));
  const [hidden, output] = layers as [Parameters, Parameters];
  const predict = (x: tf.Tensor) => apply(output, 'output', tf.tanh(apply(hidden, 'hidden', x)));
  const optimiser = new AdamW(
    [
      { name: 'hidden', parameters: hidden },
      { name: 'output', parameters: output, rate: 2 },
    ],
    training.optimiser,
  );
  const { accumulation = { batches: 1 }, clipping } = training;
  const rates: number[] = [];
  for (let step = 0; step < training.steps; step++) {
    rates.push(training.rate(step));
    const losses = updateParameters({
      losses: (index) => {
        const batch = (step * accumulation.batches + index) % training.batches;
        const tensor = (name: string) => torch.tensor(`${name}.${batch}`);
        return { total: training.loss(predict(tensor('x')), tensor) };
      },
      optimiser,
      learningRate: rates.at(-1)!,
      accumulation,
      ...(clipping ? { clipping } : {}),
    });
    const loss = { shape: [], values: torch.stored('losses').values.subarray(step, step + 1) };
    await assertClose(`loss of step ${step}`, losses.total, loss, 'trajectory');
    for (const parameters of layers) {
      for (const name of parameters.names) {
        const expected = torch.stored(`${name}.${step + 1}`);
        const found = parameters.get(name);
        await assertClose(`${name} after step ${step}`, found, expected, 'trajectory');
      }
    }
    training.observe?.((await losses.total.data())[0]!);
    losses.total.dispose();
  }
  await assertClose('rates', tf.tensor1d(rates), torch.stored('rates'), 'layer');
}

function madeLayer(torch: TorchFixture, layer: string): Parameters {
  const parameters = new Parameters(1);
  for (const part of ['weight', 'bias']) {
    const name = `${layer}.${part}`;
    const { shape } = torch.stored(`${name}.0`);
    parameters.add(name, [...shape], zeros);
    parameters.get(name).assign(torch.tensor(`${name}.0`));
  }
  return parameters;
}

function apply(parameters: Parameters, layer: string, x: tf.Tensor): tf.Tensor {
  const weight = parameters.get(`${layer}.weight`);
  const [inputs, outputs] = weight.shape as [number, number];
  const product = tf.matMul(tf.reshape(x, [-1, inputs]), weight);
  const sum = tf.add(product, parameters.get(`${layer}.bias`));
  return tf.reshape(sum, [...x.shape.slice(0, -1), outputs]);
}

describe('trainings follow PyTorch', () => {
  it('pixels with an ignored label, warm-up and polynomial decay', () =>
    follow({
      name: 'segmentation',
      steps: 24,
      batches: 4,
      optimiser: adamWDefaults,
      rate: warmupPolynomial({ peak: 0.02, warmupSteps: 6, totalSteps: 28 }),
      loss: (logits, batch) => crossEntropy(logits, batch('labels'), { ignoreIndex: 255 }),
    }));

  it('hard example mining, with enough hard pixels and without', () =>
    follow({
      name: 'ohem',
      steps: 30,
      batches: 2,
      optimiser: adamWDefaults,
      rate: constant(0.03),
      loss: (logits, batch) => ohemCrossEntropy(logits, batch('labels'), { ignoreIndex: 255 }),
    }));

  it('L1 of batches added up and clipped by value after each, and a plateau', async () => {
    const plateau = new Plateau({ rate: 0.02, factor: 0.5, patience: 2 });
    await follow({
      name: 'summed',
      steps: 24,
      batches: 6,
      optimiser: { ...adamWDefaults, weightDecay: 0 },
      rate: () => plateau.rate,
      observe: (loss) => {
        plateau.observe(loss);
      },
      loss: (predicted, batch) => l1Loss(batch('y'), predicted),
      clipping: clipByValue(0.3),
      accumulation: { batches: 3, sum: true, clipEach: true },
    });
    assert.ok(plateau.rate < 0.005);
  });

  it('smooth L1, means of batches clipped by their norm, warm-up and linear decay', () =>
    follow({
      name: 'averaged',
      steps: 24,
      batches: 6,
      optimiser: { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.02 },
      rate: warmupLinear({ peak: 0.02, warmupSteps: 5, totalSteps: 24 }),
      loss: (predicted, batch) => smoothL1Loss(batch('y'), predicted, 0.3),
      clipping: clipByGlobalNorm(0.35),
      accumulation: { batches: 2 },
    }));
});
