/** The tiny ViLT of test/fixtures/make_vilt_fixture.py: its golden folder, and what PyTorch computed beside it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors } from '../../src/files/safetensors.js';
import type { ViltConfig } from '../../src/models/vilt/config.js';
import { viltFromHuggingFace } from '../../src/models/vilt/huggingFaceConfig.js';
import { Vilt } from '../../src/models/vilt/vilt.js';
import { loadViltWeights } from '../../src/models/vilt/weights.js';
import { tf } from '../../src/tensor/tf.js';
import { fixtures, TorchFixture } from './fixtures.js';

export const viltFolder = path.join(fixtures, 'vilt');

const json: unknown = JSON.parse(readFileSync(path.join(viltFolder, 'config.json'), 'utf8'));
export const viltConfig: ViltConfig = viltFromHuggingFace(json, 5);

export const viltWeights = () =>
  readSafetensors(path.join(viltFolder, 'model.safetensors')).tensors;

export const viltTorch = new TorchFixture('vilt');

/** The network with the fixture's weights. */
export function loadedVilt(changes: Partial<ViltConfig> = {}): Vilt {
  const vilt = new Vilt({ ...viltConfig, ...changes }, 1);
  loadViltWeights(vilt, viltWeights());
  return vilt;
}

/** The batch of the fixture: three pictures of 16 × 8, 8 × 20 and 12 × 12, texts of 7, 4 and 6 words. */
export const sizes = [
  { height: 16, width: 8, words: 7 },
  { height: 8, width: 20, words: 4 },
  { height: 12, width: 12, words: 6 },
];

export function viltInputs() {
  const { tensors } = readSafetensors(path.join(viltFolder, 'case.safetensors'));
  const tensor = (name: string, type: 'int32' | 'float32') => {
    const { shape, values } = tensors.get(name)!;
    return tf.tensor(values, [...shape], type);
  };
  return {
    text: tensor('input_ids', 'int32'),
    textMask: tensor('attention_mask', 'int32'),
    image: tf.transpose(tensor('pixel_values', 'float32'), [0, 2, 3, 1]),
    imageMask: tensor('pixel_mask', 'int32'),
  };
}
