/** The LSTM against PyTorch: its last state and every gradient. */
import assert from 'node:assert/strict';
import { addLstm, lstm } from '../../src/tensor/lstm.js';
import { Parameters } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';

const torch = new TorchFixture('lstm');

describe('lstm', () => {
  let parameters: Parameters;
  beforeEach(() => {
    parameters = new Parameters(1);
    addLstm(parameters, 'rnn', 3, 4);
  });
  afterEach(() => {
    parameters.dispose();
  });

  it('equals PyTorch: the last state and every gradient', async () => {
    for (const name of parameters.names) {
      parameters.get(name).assign(torch.tensor(name.replace('rnn.', '')));
    }
    const [x, dy] = [torch.tensor('x'), torch.tensor('dy')];
    const of = (input: tf.Tensor) => lstm(parameters, 'rnn', input);
    await assertClose('h', of(x), torch.stored('h'), 'layer');
    await assertClose('dx', tf.grad(of)(x, dy), torch.stored('dx'), 'layer');
    const { grads } = tf.variableGrads(
      () => tf.sum(tf.mul(of(x), dy)).asScalar(),
      parameters.names.map((name) => parameters.get(name)),
    );
    for (const name of parameters.names) {
      const expected = torch.stored(`d${name.replace('rnn.', '')}`);
      await assertClose(name, grads[parameters.get(name).name]!, expected, 'layer');
    }
  });

  it('begins within 1/√hidden, every parameter', async () => {
    for (const name of parameters.names) {
      const values = await parameters.get(name).data();
      assert.ok(values.every((value) => Math.abs(value) <= 0.5));
      assert.ok(
        values.some((value) => Math.abs(value) > 0.3),
        name,
      );
    }
  });

  it('keeps no tensor', async () => {
    const x = torch.tensor('x');
    await assertSteady(() => {
      lstm(parameters, 'rnn', x).dispose();
    });
  });

  it('names what is wrong', () => {
    assert.throws(
      () => lstm(parameters, 'rnn', tf.ones([2, 5, 4])),
      /lstm: rnn must be \[B, T, F=3\], got \[2, 5, 4\]/,
    );
  });
});
