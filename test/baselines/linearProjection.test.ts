import assert from 'node:assert/strict';
import { LinearProjection } from '../../src/baselines/linearProjection.js';
import { complete, completeEach } from '../../src/mmp/complete.js';
import type { NamedValues } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';
import { assertGradient, randomTokens, shapes, subsets } from '../support/projectors.js';

const modalities = shapes([5, 8], [7, 6], [5, 4]);
const names = modalities.map(({ name }) => name);
const batch = 2;

/** T̂_m number by number, in double precision. */
function byHand(
  parameters: NamedValues,
  tokens: Readonly<Record<string, number[][][]>>,
  masked: readonly string[],
  m: string,
): number[] {
  const value = (name: string, index: number) => parameters.get(name)!.values[index]!;
  const target = modalities.find(({ name }) => name === m)!;
  const others = modalities.filter(({ name }) => name !== m);
  const result: number[] = [];
  for (let sample = 0; sample < batch; sample++) {
    for (let token = 0; token < target.tokens; token++) {
      const features = others.flatMap((source) =>
        Array.from({ length: source.width }, (_, feature) => {
          if (masked.includes(source.name)) return 0;
          const own = tokens[source.name]![sample]!;
          if (source.tokens === target.tokens) return own[token]![feature]!;
          const layer = `resample.${source.name}.${m}`;
          return own.reduce(
            (sum, row, from) =>
              sum + row[feature]! * value(`${layer}.weight`, from * target.tokens + token),
            value(`${layer}.bias`, token),
          );
        }),
      );
      for (let feature = 0; feature < target.width; feature++) {
        const layer = `project.${m}`;
        const weights = features.map((x, input) => {
          return x * value(`${layer}.weight`, input * target.width + feature);
        });
        result.push(weights.reduce((sum, x) => sum + x, value(`${layer}.bias`, feature)));
      }
    }
  }
  return result;
}

describe('LinearProjection', () => {
  let projection: LinearProjection;
  before(() => {
    projection = new LinearProjection(modalities, 1);
    // Biases begin with zero, which would hide one that is left out.
    for (const name of projection.parameters.names.filter((one) => one.endsWith('.bias'))) {
      const bias = projection.parameters.get(name);
      bias.assign(tf.randomNormal(bias.shape, 0, 1, 'float32', 7));
    }
  });

  it('is one linear layer a target, and one a pair whose token counts differ', () => {
    assert.deepEqual(
      projection.parameters.names,
      [
        ...['resample.m1.m0', 'project.m0'],
        ...['resample.m0.m1', 'resample.m2.m1', 'project.m1'],
        ...['resample.m1.m2', 'project.m2'],
      ].flatMap((name) => [`${name}.weight`, `${name}.bias`]),
    );
    // Over tokens 7 → 5, 5 → 7, 5 → 7, 7 → 5; over features 6 + 4 → 8, 8 + 4 → 6, 8 + 6 → 4.
    const resample = 2 * (7 * 5 + 5) + 2 * (5 * 7 + 7);
    const project = 10 * 8 + 8 + (12 * 6 + 6) + (14 * 4 + 4);
    assert.equal(projection.parameters.count, resample + project);
    assert.equal(projection.parameters.count, 390);
  });

  it('makes the same tokens as a computation by hand, for every set of missing modalities', async () => {
    const tokens = randomTokens({ modalities }, batch, 1);
    const parameters = await projection.parameters.read();
    const arrays: Record<string, number[][][]> = {};
    for (const name of names) arrays[name] = (await tokens[name]!.array()) as number[][][];
    for (const masked of subsets(names)) {
      const available = Object.entries(tokens).filter(([name]) => !masked.includes(name));
      const projected = projection.projectTokens(Object.fromEntries(available), masked);
      assert.deepEqual(Object.keys(projected), masked);
      for (const m of masked) {
        const values = Float32Array.from(byHand(parameters, arrays, masked, m));
        const { shape } = tokens[m]!;
        await assertClose(
          `${m} without ${masked.join()}`,
          projected[m]!,
          { shape, values },
          'layer',
        );
      }
    }
  });

  it('has the gradient that finite differences give', async () => {
    const tokens = randomTokens({ modalities }, batch, 1);
    for (const masked of [['m0', 'm1'], ['m2']]) await assertGradient(projection, tokens, masked);
  });

  it('never lets a missing modality in', async () => {
    const tokens = randomTokens({ modalities }, batch, 1);
    const others = randomTokens({ modalities }, batch, 2);
    for (const m of names) {
      const [one, other] = [tokens, { ...tokens, [m]: others[m]! }].map(
        (given) => complete(projection, given, [m]).tokens,
      );
      for (const name of names) {
        assert.deepEqual(await one![name]!.array(), await other![name]!.array());
      }
    }
  });

  it('completes each sample as if it stood alone (D10)', async () => {
    const tokens = randomTokens({ modalities }, 3, 1);
    const missing = [['m1'], [], ['m0', 'm2']];
    const together = completeEach(projection, tokens, missing);
    for (const [sample, masked] of missing.entries()) {
      const row = (x: tf.Tensor) => tf.slice(x, [sample, 0, 0], [1, -1, -1]);
      const rows = names.map((name) => [name, row(tokens[name]!)] as const);
      const alone = complete(projection, Object.fromEntries(rows), masked).tokens;
      for (const name of names) {
        const values = (await alone[name]!.data()) as Float32Array;
        const expected = { shape: alone[name]!.shape, values };
        await assertClose(`${sample} ${name}`, row(together[name]!), expected, 'arrangement');
      }
    }
  });

  it('keeps no tensor over repeated steps', async () => {
    const tokens = randomTokens({ modalities }, batch, 1);
    await assertSteady(() => {
      tf.dispose(tf.tidy(() => projection.projectTokens(tokens, ['m0', 'm1'])));
    });
  });

  it('has first values that the seed and the name of each parameter decide', async () => {
    const weights = async (shape: typeof modalities, seed: number) => {
      const { parameters } = new LinearProjection(shape, seed);
      return parameters.get('project.m0.weight').array();
    };
    const first = await weights(modalities, 1);
    const fewer = shapes([5, 8], [9, 6], [5, 4]);
    assert.deepEqual(await weights(fewer, 1), first);
    assert.notDeepEqual(await weights(modalities, 2), first);
  });

  it('names what is wrong', () => {
    const refuse = (shape: typeof modalities, message: RegExp) => {
      assert.throws(() => new LinearProjection(shape, 1), message);
    };
    refuse(shapes([5, 8]), /LinearProjection modalities: at least two are needed, got m0/);
    refuse(
      shapes([5, 8], [0, 6]),
      /LinearProjection tokens of m1: must be a positive integer, got 0/,
    );
    const tokens = randomTokens({ modalities }, batch, 1);
    const project = (given: typeof tokens, masked: string[]) => () =>
      projection.projectTokens(given, masked);
    assert.throws(project(tokens, names), /every modality is missing/);
    assert.throws(project({ m0: tokens.m0! }, ['m1']), /no tokens of the available modality "m2"/);
    assert.throws(
      project({ ...tokens, m1: tf.zeros([2, 7, 9]) }, ['m0']),
      /LinearProjection.projectTokens: m1 must be \[B, N, 6\], got \[2, 7, 9\]/,
    );
    assert.throws(
      project({ ...tokens, m2: tf.zeros([2, 9, 4]) }, ['m0', 'm1']),
      /linear resample.m2.m1: last axis must be 5, got/,
    );
  });
});
