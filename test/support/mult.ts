/** The tiny MulT of test/fixtures/make_mult_fixture.py: its golden folder, and what PyTorch computed beside it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors, type StoredTensor } from '../../src/files/safetensors.js';
import type { MultConfig } from '../../src/models/mult/config.js';
import { multFromMmsa } from '../../src/models/mult/mmsaConfig.js';
import { Mult } from '../../src/models/mult/mult.js';
import { loadMultWeights } from '../../src/models/mult/weights.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from './close.js';
import { asExpected } from './compare.js';
import { fixtures, TorchFixture } from './fixtures.js';

export const multFolder = path.join(fixtures, 'mult');

const lengths = { text: 6, audio: 9, vision: 7 };
const json = JSON.parse(readFileSync(path.join(multFolder, 'config.json'), 'utf8')) as object;
export const multConfig: MultConfig = multFromMmsa(json, lengths);

/** PyTorch's step of training with dropout, and the configuration that has its rates */
export const multDropoutTorch = new TorchFixture('multDropout');
export const multDropoutConfig: MultConfig = multFromMmsa(
  {
    ...json,
    ...Object.fromEntries(
      [...multDropoutTorch.under('rates.')].map(([name, { values }]) => [
        name.replace(/^(\w+?)(_.)?$/, '$1_dropout$2'),
        values[0],
      ]),
    ),
  },
  lengths,
);

const tensorsOf = (file: string) => readSafetensors(path.join(multFolder, file)).tensors;
export const multWeights = () => tensorsOf('model.safetensors');
export const multCase = () => tensorsOf('case.safetensors');

export const multTorch = new TorchFixture('mult');

/** Asserts that a loss has PyTorch's gradient by every parameter. */
export async function assertMultGradients(
  { config, parameters }: Mult,
  gradients: tf.NamedTensorMap,
  fixture: TorchFixture,
): Promise<void> {
  // PyTorch's gradients come into our layout as its weights do.
  const expected = new Mult(config, 1);
  loadMultWeights(expected, gradientsOf(fixture));
  // Key biases have the gradient zero: what is not comes of rounding what is as large as other gradients.
  const floor = largestOf(fixture.stored('gradients').values) / 250;
  for (const name of parameters.names) {
    const wanted = await asExpected(expected.parameters.get(name));
    await assertClose(name, gradients[parameters.get(name).name]!, wanted, 'network', floor);
  }
  expected.parameters.dispose();
}

const largestOf = (values: ArrayLike<number>) =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The gradient of every weight, under MMSA's names. */
function gradientsOf(fixture: TorchFixture): Map<string, StoredTensor> {
  const { values } = fixture.stored('gradients');
  let from = 0;
  const weights = [...multWeights()].filter(([name]) => !name.endsWith('.version'));
  const sorted = weights.sort(([a], [b]) => (a < b ? -1 : 1));
  const gradients = sorted.map(([name, { shape, values: weight }]) => {
    const to = from + weight.length;
    const gradient = { shape, values: values.slice(from, to) };
    from = to;
    return [name, gradient] as const;
  });
  assert.equal(from, values.length);
  return new Map(gradients);
}

/** The network with the fixture's weights. */
export function loadedMult(config = multConfig): Mult {
  const mult = new Mult(config, 1);
  loadMultWeights(mult, multWeights());
  return mult;
}

/** The batch of the fixture: three samples, the second without vision. */
export function multInputs() {
  const tensors = multCase();
  const tensor = (name: string) => {
    const { shape, values } = tensors.get(name)!;
    return tf.tensor(values, [...shape], 'float32');
  };
  return { text: tensor('text'), audio: tensor('audio'), vision: tensor('vision') };
}
