/** The tiny MulT of test/fixtures/make_mult_fixture.py: its golden folder, and what PyTorch computed beside it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors } from '../../src/files/safetensors.js';
import type { MultConfig } from '../../src/models/mult/config.js';
import { multFromMmsa } from '../../src/models/mult/mmsaConfig.js';
import { Mult } from '../../src/models/mult/mult.js';
import { loadMultWeights } from '../../src/models/mult/weights.js';
import { tf } from '../../src/tensor/tf.js';
import { fixtures, TorchFixture } from './fixtures.js';

export const multFolder = path.join(fixtures, 'mult');

const json: unknown = JSON.parse(readFileSync(path.join(multFolder, 'config.json'), 'utf8'));
export const multConfig: MultConfig = multFromMmsa(json, { text: 6, audio: 9, vision: 7 });

const tensorsOf = (file: string) => readSafetensors(path.join(multFolder, file)).tensors;
export const multWeights = () => tensorsOf('model.safetensors');
export const multCase = () => tensorsOf('case.safetensors');

export const multTorch = new TorchFixture('mult');

/** The network with the fixture's weights. */
export function loadedMult(): Mult {
  const mult = new Mult(multConfig, 1);
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
