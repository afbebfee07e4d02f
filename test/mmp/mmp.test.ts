/** Properties that the method has whatever its weights are. */
import assert from 'node:assert/strict';
import { alignmentLoss, totalLoss } from '../../src/mmp/align.js';
import { complete, completeEach } from '../../src/mmp/complete.js';
import { Mmp, projectedTokens } from '../../src/mmp/mmp.js';
import type { MmpConfig } from '../../src/mmp/config.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';
import { assertGradient, randomTokens, shapes, subsets } from '../support/projectors.js';

const same = (count: number, tokens: number, width: number) =>
  shapes(...Array.from({ length: count }, (): [number, number] => [tokens, width]));

// Matrix products of 128 numbers and less are those that take long on a GPU in software, tens of milliseconds
// each; with these widths there are few.
const config: MmpConfig = { modalities: shapes([5, 24], [7, 16], [4, 24]), width: 24, heads: 3 };

describe('Mmp', () => {
  it('has the parameter counts of the method', () => {
    const count = (c: MmpConfig) => new Mmp(c, 1).parameters.count;
    const heads = 2;
    assert.equal(count({ modalities: same(2, 16, 64), width: 64, heads }), 117_504);
    assert.equal(count({ modalities: same(4, 16, 64), width: 64, heads }), 267_776);
    const vilt = shapes([512, 768], [145, 768]);
    assert.equal(count({ modalities: vilt, width: 768, heads: 12 }), 16_698_001);
    const mult = shapes([46, 50], [371, 50], [496, 50]);
    assert.equal(count({ modalities: mult, width: 50, heads: 5 }), 565_422);
  });

  for (const refine of ['tokens', 'aggregated'] as const) {
    describe(`refine '${refine}'`, () => {
      const names = ['m0', 'm1', 'm2'];
      let mmp: Mmp;
      before(() => {
        mmp = new Mmp({ ...config, refine }, 3);
      });

      it('makes tokens of the right shape for every set of missing modalities', () => {
        const tokens = randomTokens(config, 2, 1);
        for (const masked of subsets(names)) {
          const projected = projectedTokens(mmp.project(tokens, masked));
          assert.deepEqual(Object.keys(projected), masked);
          for (const name of masked) assert.deepEqual(projected[name]!.shape, tokens[name]!.shape);
        }
      });

      it('never lets a missing modality in', async () => {
        const tokens = randomTokens(config, 2, 1);
        const others = randomTokens(config, 2, 2);
        for (const masked of subsets(names).filter(({ length }) => length > 0)) {
          const changed = { ...tokens };
          for (const name of masked) changed[name] = others[name]!;
          const absent = Object.fromEntries(
            Object.entries(tokens).filter(([name]) => !masked.includes(name)),
          );
          const results = [tokens, changed, absent].map(
            (given) => complete(mmp, given, masked).tokens,
          );
          for (const name of names) {
            const [first, ...rest] = await Promise.all(results.map((r) => r[name]!.array()));
            for (const other of rest) assert.deepEqual(other, first);
          }
        }
      });

      it('completes each sample as if it stood alone (D10)', async () => {
        const tokens = randomTokens(config, 5, 1);
        const missing = [['m1'], [], ['m0', 'm2'], ['m1'], ['m2']];
        const together = completeEach(mmp, tokens, missing);
        for (const [sample, masked] of missing.entries()) {
          const row = (x: tf.Tensor) => tf.slice(x, [sample, 0, 0], [1, -1, -1]);
          const alone = complete(
            mmp,
            Object.fromEntries(names.map((name) => [name, row(tokens[name]!)])),
            masked,
          ).tokens;
          for (const name of names) {
            const values = (await alone[name]!.data()) as Float32Array;
            const expected = { shape: alone[name]!.shape, values };
            await assertClose(
              `sample ${sample} ${name}`,
              row(together[name]!),
              expected,
              'arrangement',
            );
          }
        }
      });

      it('keeps no tensor over repeated steps', async () => {
        const tokens = randomTokens(config, 2, 1);
        const variables = mmp.parameters.names.map((name) => mmp.parameters.get(name));
        await assertSteady(() => {
          const loss = () => alignmentLoss(tokens, projectedTokens(mmp.project(tokens, ['m1'])));
          tf.dispose(tf.variableGrads(() => loss().asScalar(), variables));
        });
      });
    });
  }

  it('passes everything through where nothing is missing', () => {
    const tokens = randomTokens(config, 2, 1);
    const mmp = new Mmp(config, 1);
    assert.deepEqual(complete(mmp, tokens, []).tokens, tokens);
  });

  it('reaches every aggregated token with gradients, also of masked modalities', async () => {
    const mmp = new Mmp(config, 1);
    const tokens = randomTokens(config, 2, 1);
    const variables = mmp.parameters.names.map((name) => mmp.parameters.get(name));
    const { grads } = tf.variableGrads(
      () => alignmentLoss(tokens, projectedTokens(mmp.project(tokens, ['m1', 'm2']))).asScalar(),
      variables,
    );
    for (const name of ['m0', 'm1', 'm2']) {
      const gradient = grads[mmp.parameters.get(`aggregated.${name}`).name]!;
      const largest = (await tf.max(tf.abs(gradient)).data())[0]!;
      assert.ok(largest > 1e-8, `gradient of aggregated.${name} is at most ${largest}`);
    }
  });

  it('has the gradient that finite differences give', async () => {
    const mmp = new Mmp({ ...config, residual: true, preNorm: true }, 7);
    await assertGradient(mmp, randomTokens(config, 2, 1), ['m0', 'm1']);
  });

  it('names what is wrong', () => {
    const refuse = (change: Partial<MmpConfig>, message: RegExp) => {
      assert.throws(() => new Mmp({ ...config, ...change }, 1), message);
    };
    refuse({ heads: 5 }, /MMP heads: 5 does not divide the width 24/);
    refuse({ hidden: 0 }, /MMP hidden: must be a positive integer, got 0/);
    for (const aggregatedDeviation of [0, -0.02, NaN]) {
      refuse(
        { aggregatedDeviation },
        new RegExp(`MMP aggregatedDeviation: must be positive, got ${aggregatedDeviation}`),
      );
    }
    refuse({ modalities: shapes([5, 12]) }, /at least two are needed, got m0/);
    refuse({ modalities: [...same(1, 2, 3), ...same(1, 2, 3)] }, /names must differ, got m0, m0/);
    refuse(
      { refine: 'token' as never },
      /MMP refine: must be 'tokens' or 'aggregated', got 'token'/,
    );

    const mmp = new Mmp(config, 1);
    const tokens = randomTokens(config, 2, 1);
    assert.throws(() => mmp.project(tokens, ['m0', 'm1', 'm2']), /every modality is missing/);
    assert.throws(() => mmp.project(tokens, ['m9']), /unknown modality "m9"/);
    assert.throws(
      () => mmp.project({ m0: tokens.m0! }, ['m1']),
      /no tokens of the available modality "m2"/,
    );
    assert.throws(
      () => mmp.project({ ...tokens, m1: tf.zeros([2, 7, 9]) }, ['m0']),
      /Mmp.project: m1 must be \[B, N, 16\], got \[2, 7, 9\]/,
    );
    assert.throws(
      () => mmp.project({ ...tokens, m1: tf.zeros([3, 7, 16]) }, ['m0']),
      /Mmp.project: m2 must be \[B=3, N, 24\], got \[2, 4, 24\]/,
    );
    assert.throws(
      () => completeEach(mmp, tokens, [[]]),
      /1 samples in the missing table, 2 in "m0"/,
    );
  });
});

describe('alignment (Eq. 7 and 8)', () => {
  const loss = async (x: tf.Tensor) => (await x.data())[0]!;

  it('has the values of SmoothL1 worked by hand', async () => {
    const zero = { m: tf.zeros([1, 1, 1]) };
    const at = (error: number) => loss(alignmentLoss(zero, { m: tf.fill([1, 1, 1], error) }));
    assert.equal(await at(0), 0);
    assert.equal(await at(0.5), 0.125);
    assert.equal(await at(-2), 1.5);
  });

  it('is the mean over the masked modalities, and zero where there is none', async () => {
    const tokens = { a: tf.zeros([1, 2, 2]), b: tf.zeros([1, 3, 2]), c: tf.zeros([1, 1, 1]) };
    const projected = { a: tf.fill([1, 2, 2], 2), b: tf.fill([1, 3, 2], 1) };
    assert.equal(await loss(alignmentLoss(tokens, projected)), (1.5 + 0.5) / 2);
    assert.equal(await loss(alignmentLoss(tokens, {})), 0);
    assert.equal(await loss(totalLoss(tf.scalar(1), tf.scalar(3), 0.5)), 2.5);
  });

  it('does not differentiate the target (D5)', () => {
    const target = tf.variable(tf.ones([1, 2, 3]));
    const predicted = tf.variable(tf.zeros([1, 2, 3]));
    const { grads } = tf.variableGrads(
      () => alignmentLoss({ m: target }, { m: predicted }).asScalar(),
      [target, predicted],
    );
    assert.deepEqual(Object.keys(grads), [predicted.name]);
  });

  it('names what is missing', () => {
    assert.throws(() => alignmentLoss({}, { m: tf.zeros([1]) }), /no real tokens of "m"/);
    const wrong = { m: tf.zeros([2, 3]) };
    assert.throws(
      () => alignmentLoss({ m: tf.zeros([2, 2]) }, wrong),
      /smoothL1: predicted must be \[2, 2\], got \[2, 3\]/,
    );
  });
});
