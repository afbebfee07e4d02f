import assert from 'node:assert/strict';
import {
  addCrossAttention,
  crossAttention,
  plainCrossAttention,
} from '../../src/tensor/crossAttention.js';
import { Parameters } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { asExpected, assertSameFunction, random } from '../support/compare.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';
import { tolerance } from '../support/tolerances.js';

describe('crossAttention', () => {
  it('equals PyTorch with residual and preNorm, gradients included', async () => {
    const torch = new TorchFixture('attention');
    const options = { heads: 3, residual: true, preNorm: true };
    const parameters = new Parameters(1);
    addCrossAttention(parameters, 'ca', 12, options);
    const values = [...torch.under('parameter.')].map(([name, stored]) => [`ca.${name}`, stored]);
    parameters.load(new Map(values as never));

    const [queries, keys, dy] = ['queries', 'keys', 'dy'].map((name) => torch.tensor(name));
    const attend = () => crossAttention(parameters, 'ca', queries!, keys!, options);
    await assertClose('y', attend().output, torch.stored('y'), 'network');
    await assertClose('weights', attend().weights, torch.stored('weights'), 'network');

    const names = parameters.names;
    const variables = names.map((name) => parameters.get(name));
    const { grads } = tf.variableGrads(() => tf.sum(tf.mul(attend().output, dy!)), variables);
    for (const [index, name] of names.entries()) {
      const expected = torch.stored(`gradient.${name.slice('ca.'.length)}`);
      // The gradient of the key bias is zero but for rounding.
      await assertClose(name, grads[variables[index]!.name]!, expected, 'network', 1);
    }
    const [dq, dk] = tf.grads((q: tf.Tensor, k: tf.Tensor) =>
      crossAttention(parameters, 'ca', q, k, options).output.mul(dy!).sum(),
    )([queries!, keys!]);
    await assertClose('dqueries', dq!, torch.stored('gradient.queries'), 'network');
    await assertClose('dkeys', dk!, torch.stored('gradient.keys'), 'network');
  });

  it('treats shared queries as repeated ones', async () => {
    const parameters = new Parameters(2);
    const options = { heads: 2, residual: true };
    addCrossAttention(parameters, 'ca', 8, options);
    const shared = tf.randomNormal([3, 8], 0, 1, 'float32', 1);
    const keys = tf.randomNormal([4, 5, 8], 0, 1, 'float32', 2);
    const repeated = tf.tile(tf.expandDims(shared, 0), [4, 1, 1]);
    const once = crossAttention(parameters, 'ca', shared, keys, options);
    const each = crossAttention(parameters, 'ca', repeated, keys, options);
    const expected = { shape: each.output.shape, values: await each.output.data() };
    await assertClose('output', once.output, expected, 'arrangement');
  });

  for (const [form, asked, Tq, Tk] of [
    ['standard', 3, 8, 8],
    ['few keys', 3, 90, 4],
    ['few queries', 3, 4, 90],
    ['few shared queries', 1, 4, 90],
  ] as const) {
    it(`equals its plain form, ${form}`, async () => {
      const options = { heads: 3, residual: true };
      const parameters = new Parameters(5);
      addCrossAttention(parameters, 'ca', 24, options);
      for (const name of parameters.names) {
        parameters.get(name).assign(random(parameters.get(name).shape, name.length, 0.4));
      }
      const shared = asked === 1;
      const queries = random(shared ? [Tq, 24] : [3, Tq, 24], 1);
      const keys = random([3, Tk, 24], 2);
      const through = (attend: typeof crossAttention) => (q?: tf.Tensor, k?: tf.Tensor) =>
        attend(parameters, 'ca', q!, k!, options).output;
      const [fast, plain] = [through(crossAttention), through(plainCrossAttention)];
      await assertSameFunction(fast, plain, [queries, keys], 'network');
      const [actual, expected] = [crossAttention, plainCrossAttention].map(
        (attend) => attend(parameters, 'ca', queries, keys, options).weights,
      );
      await assertClose('weights', actual!, await asExpected(expected!), 'network');
      const variables = parameters.names.map((name) => parameters.get(name));
      const gradients = [fast, plain].map(
        (attend) =>
          tf.variableGrads(() => tf.sum(tf.square(attend(queries, keys))), variables).grads,
      );
      for (const name of parameters.names) {
        // The key's bias has no influence; where it is left out its gradient is not there.
        if (name === 'ca.key.bias') continue;
        const variable = parameters.get(name).name;
        const wanted = await asExpected(gradients[1]![variable]!);
        await assertClose(name, gradients[0]![variable]!, wanted, 'network');
      }
      parameters.dispose();
    });
  }

  it('gives weights that sum to one', async () => {
    const parameters = new Parameters(3);
    addCrossAttention(parameters, 'ca', 8, { heads: 2 });
    const x = tf.randomNormal([2, 6, 8], 0, 3, 'float32', 3);
    const { weights } = crossAttention(parameters, 'ca', x, x, { heads: 2 });
    assert.deepEqual(weights.shape, [2, 2, 6, 6]);
    for (const sum of await tf.sum(weights, -1).data()) {
      assert.ok(Math.abs(sum - 1) < tolerance('layer'), `${sum}`);
    }
  });

  it('names what is wrong', () => {
    const parameters = new Parameters(4);
    assert.throws(() => {
      addCrossAttention(parameters, 'ca', 10, { heads: 4 });
    }, /ca: width 10 is not divisible by 4 heads/);
    addCrossAttention(parameters, 'ca', 8, { heads: 2 });
    const attend = (queries: number[], keys: number[]) =>
      crossAttention(parameters, 'ca', tf.zeros(queries), tf.zeros(keys), { heads: 2 });
    assert.throws(
      () => attend([2, 3, 8], [3, 3, 8]),
      /keys must be \[B=2, Tk, d=8\], got \[3, 3, 8\]/,
    );
    assert.throws(() => attend([2, 3, 4], [2, 3, 4]), /linear ca.query: last axis must be 8/);
  });
});
