/** The cases of test/fixtures/cmnext: make_cmnext.py says what they are and how gradients are stored. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ignoredLabel } from '../../src/data/dataset.js';
import { readSafetensors, type StoredTensor } from '../../src/files/safetensors.js';
import { fixtures } from './fixtures.js';

const folder = path.join(fixtures, 'cmnext');

export interface CmnextCase {
  /** As the public code has it, with the mode and the modalities that are zero */
  readonly config: Readonly<Record<'batch' | 'height' | 'width', number>> & {
    readonly modalities: readonly string[];
    readonly mode: 'training' | 'evaluation';
    readonly zeroed?: readonly string[];
  };
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

export const cmnextCase = (name: string): CmnextCase => ({
  config: JSON.parse(
    readFileSync(path.join(folder, `${name}.config.json`), 'utf8'),
  ) as CmnextCase['config'],
  tensors: readSafetensors(path.join(folder, `${name}.safetensors`)).tensors,
});

/** The weights of the folder that a network of so many modalities has */
export function weightsFor(modalities: number): Map<string, StoredTensor> {
  const others = [/num_batches/, /extra_|FRMs|FFMs/, /ln_1|score_/].filter(
    (_, fewer) => fewer === 0 || modalities === fewer,
  );
  const { tensors } = readSafetensors(path.join(folder, 'model.safetensors'));
  return new Map([...tensors].filter(([name]) => !others.some((other) => other.test(name))));
}

const round = Math.fround;

/** The pictures of a case by modality, with colours last: float32 [B, H, W, 3]. */
export function picturesOf({ config }: Pick<CmnextCase, 'config'>): Map<string, StoredTensor> {
  const { batch, height, width, modalities, zeroed = [] } = config;
  const pixels = height * width;
  return new Map(
    modalities.map((name, modality) => {
      const values = new Float32Array(batch * pixels * 3);
      for (let i = 0; i < values.length && !zeroed.includes(name); i++) {
        const image = Math.floor(i / (3 * pixels));
        const colour = Math.floor(i / pixels) % 3;
        const place = (image * pixels + (i % pixels)) * 3 + colour;
        values[place] = round(Math.cos((0.3 + 0.4 * modality) * i ** 2));
      }
      return [name, { shape: [batch, height, width, 3], values }];
    }),
  );
}

/** int32 [B, H, W] */
export function labelsOf({ config }: Pick<CmnextCase, 'config'>): StoredTensor {
  const { batch, height, width } = config;
  const values = Int32Array.from({ length: batch * height * width }, (_, i) => i ** 2 % 7);
  return {
    shape: [batch, height, width],
    values: values.map((each) => (each === 4 ? ignoredLabel : each)),
  };
}

/** Of a tensor what a case holds of it: its sum, its norm and eight projections. */
export function rowOf(values: ArrayLike<number>): number[] {
  const row = new Array<number>(10).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    row[0]! += value;
    row[1]! += value ** 2;
    for (let k = 1; k <= 8; k++) row[k + 1]! += value * Math.cos(k * i ** 2);
  }
  row[1] = Math.sqrt(row[1]!);
  return row;
}

/**
 * Asserts that tensors have the rows of a case, as far as single precision can tell: it changes them by at most 2e-4
 * of their norm in PyTorch, and by 1.3e-4 on cpu and tensorflow, 2.1e-4 on wasm and 2.0e-4 on webgpu.
 *
 * @param made the tensors' values by name, in the order of the rows
 */
export function assertRows(
  rows: StoredTensor,
  made: readonly (readonly [name: string, values: ArrayLike<number>])[],
): void {
  assert.deepEqual(rows.shape, [made.length, 10]);
  made.forEach(([name, values], index) => {
    const expected = rows.values.subarray(10 * index, 10 * index + 10);
    const limit = 3e-4 * expected[1]! + 5e-8;
    rowOf(values).forEach((value, place) => {
      const error = Math.abs(value - expected[place]!);
      assert.ok(
        error <= limit,
        `${name}, number ${place} of its row: ${value} and not ${expected[place]}, limit ${limit}`,
      );
    });
  });
}
