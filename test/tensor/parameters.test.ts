import assert from 'node:assert/strict';
import { normal, Parameters, xavierUniform, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';

function made(seed: number, ...extra: string[]): Parameters {
  const parameters = new Parameters(seed);
  for (const name of extra) parameters.add(name, [2], zeros);
  parameters.add('layer.weight', [30, 50], xavierUniform);
  parameters.add('layer.bias', [50], zeros);
  parameters.add('tokens', [8, 200], normal(0.02));
  return parameters;
}

const values = async (parameters: Parameters, name: string) => [
  ...(await parameters.get(name).data()),
];

describe('Parameters', () => {
  it('start the same under the same seed, whatever else is declared', async () => {
    const one = await values(made(5), 'layer.weight');
    assert.deepEqual(await values(made(5, 'another'), 'layer.weight'), one);
    assert.notDeepEqual(await values(made(6), 'layer.weight'), one);
  });

  it('start as their initialisers say', async () => {
    const parameters = made(5);
    const bound = Math.sqrt(6 / 80);
    const weights = await values(parameters, 'layer.weight');
    assert.ok(weights.every((value) => Math.abs(value) <= bound));
    assert.ok(Math.max(...weights) > 0.95 * bound && Math.min(...weights) < -0.95 * bound);
    const tokens = await values(parameters, 'tokens');
    const deviation = Math.sqrt(tokens.reduce((sum, value) => sum + value ** 2, 0) / tokens.length);
    assert.ok(Math.abs(deviation - 0.02) < 0.002, `deviation ${deviation}`);
    assert.equal(parameters.count, 30 * 50 + 50 + 8 * 200);
  });

  it('are counted by name', () => {
    const parameters = made(5);
    const countOf = (start: string) => parameters.countOf((name) => name.startsWith(start));
    assert.deepEqual(['layer.', 'tokens', 'other'].map(countOf), [30 * 50 + 50, 8 * 200, 0]);
  });

  it('come back as they were read', async () => {
    const [from, to] = [made(1), made(2)];
    to.load(await from.read());
    assert.deepEqual(await values(to, 'tokens'), await values(from, 'tokens'));
  });

  it('refuse wrong states without changing anything', async () => {
    const parameters = made(1);
    const before = await values(parameters, 'layer.weight');
    const changed = async (change: (state: Map<string, unknown>) => void) => {
      const state = await made(2).read();
      change(state);
      return state;
    };
    const bias = (shape: number[], fill = 0) => ({
      shape,
      values: new Float32Array(50).fill(fill),
    });
    const cases: [Awaited<ReturnType<typeof changed>>, RegExp][] = [
      [await changed((state) => state.delete('tokens')), /missing tokens; unknown none/],
      [await changed((state) => state.set('x', bias([50]))), /missing none; unknown x/],
      [
        await changed((state) => state.set('layer.bias', bias([5, 10]))),
        /"layer.bias" must be \[50\]/,
      ],
      [
        await changed((state) => state.set('layer.bias', bias([50], NaN))),
        /"layer.bias" holds NaN/,
      ],
    ];
    for (const [state, message] of cases) {
      assert.throws(() => {
        parameters.load(state);
      }, message);
    }
    assert.deepEqual(await values(parameters, 'layer.weight'), before);
  });

  it('refuse a second declaration and an unknown name', () => {
    const parameters = made(1);
    assert.throws(() => {
      parameters.add('tokens', [1], zeros);
    }, /"tokens" exists already/);
    assert.throws(() => parameters.get('layer.wait'), /no "layer.wait"; there are layer.weight/);
  });

  it('leave nothing behind', () => {
    const before = tf.memory().numTensors;
    made(1).dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});
