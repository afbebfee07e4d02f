/**
 * The golden vectors: inputs, parameters, intermediate values, outputs and gradients of Eq. 1–7 made in
 * float64 by independent code.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors, type StoredTensor } from '../../src/files/safetensors.js';
import { alignmentLoss } from '../../src/mmp/align.js';
import type { MmpConfig } from '../../src/mmp/config.js';
import { Mmp, projectedTokens, type MmpParts } from '../../src/mmp/mmp.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { fixtures } from '../support/fixtures.js';

const folder = path.join(fixtures, 'golden', 'mmp');
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.config.json'))
  .map((file) => file.replace('.config.json', ''));

/** Largest error relative to the largest value of a tensor, float32 against float64. */
const limit = 1e-5;

describe('golden vectors of the method', () => {
  it('are all there', () => {
    assert.equal(cases.length, 7);
  });
  for (const name of cases)
    describe(name, () => {
      check(path.join(folder, name));
    });
});

function check(prefix: string): void {
  const config = JSON.parse(readFileSync(`${prefix}.config.json`, 'utf8')) as MmpConfig & {
    masked: string[];
  };
  const golden = readSafetensors(`${prefix}.case.safetensors`).tensors;
  let mmp: Mmp;
  let tokens: Record<string, tf.Tensor>;

  before(() => {
    mmp = new Mmp(config, 1);
    mmp.parameters.load(readSafetensors(`${prefix}.parameters.safetensors`).tensors as never);
    tokens = Object.fromEntries(
      config.modalities.map(({ name }) => {
        const { values, shape } = golden.get(`tokens.${name}`)!;
        return [name, tf.tensor(values, [...shape])];
      }),
    );
  });
  after(() => {
    mmp.parameters.dispose();
    tf.dispose(tokens);
  });

  it('reproduces every intermediate value', async () => {
    const parts = tf.tidy(() => tidyParts(mmp.project(tokens, config.masked)));
    const wanted = [...golden].filter(
      ([name]) => !/^(tokens|gradient)\.|^alignment_loss$/.test(name),
    );
    assert.deepEqual(Object.keys(parts).sort(), wanted.map(([name]) => name).sort());
    for (const [name, expected] of wanted) await assertClose(name, parts[name]!, expected, limit);
    tf.dispose(parts);
  });

  it('reproduces the alignment loss and its gradient for every parameter', async () => {
    const names = mmp.parameters.names;
    const variables = names.map((name) => mmp.parameters.get(name));
    // The loss of nothing masked depends on no parameter, which TF.js refuses to differentiate.
    const { value, grads } =
      config.masked.length > 0
        ? tf.variableGrads(
            () =>
              alignmentLoss(tokens, projectedTokens(mmp.project(tokens, config.masked))).asScalar(),
            variables,
          )
        : { value: alignmentLoss(tokens, {}), grads: {} as tf.NamedTensorMap };
    await assertClose('alignment_loss', value, golden.get('alignment_loss')!, limit);

    const expected = new Map(
      [...golden].flatMap(([name, tensor]): [string, StoredTensor][] =>
        name.startsWith('gradient.') ? [[name.slice('gradient.'.length), tensor]] : [],
      ),
    );
    assert.deepEqual([...names].sort(), [...expected.keys()].sort());
    // A softmax does not feel its key bias, and attention over nearly equal tokens hardly feels its
    // queries: such gradients are float32 rounding of the others, so a hundredth of the largest entry
    // of the whole gradient is the least that an error is measured against.
    const floor = 0.01 * largest([...expected.values()]);
    for (const [index, name] of names.entries()) {
      const gradient = grads[variables[index]!.name] ?? tf.zerosLike(variables[index]!);
      await assertClose(`gradient.${name}`, gradient, expected.get(name)!, limit, floor);
    }
    value.dispose();
    tf.dispose(grads);
  });
}

const largest = (tensors: StoredTensor[]) =>
  Math.max(...tensors.flatMap(({ values }) => [...values].map(Math.abs)));

/** Parts under the names of the golden files. */
function tidyParts(parts: MmpParts): Record<string, tf.Tensor> {
  const named: Record<string, tf.Tensor> = {};
  for (const [i, { output, weights }] of Object.entries(parts.aggregated)) {
    named[`aggregated.${i}`] = output;
    named[`aggregate_attention.${i}`] = weights;
  }
  for (const [m, target] of Object.entries(parts.targets)) {
    for (const [i, { output }] of Object.entries(target.related))
      named[`related.${i}.${m}`] = output;
    for (const [i, { output }] of Object.entries(target.refined))
      named[`refined.${i}.${m}`] = output;
    named[`projected.${m}`] = target.projected;
  }
  return named;
}
