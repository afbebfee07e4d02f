/** Parts that are computed again for their gradient, against the same parts kept. */
import assert from 'node:assert/strict';
import { addBatchNorm, batchNorm, isRunningStatistic } from '../../src/tensor/batchNorm.js';
import { dropout } from '../../src/tensor/dropout.js';
import { addLinear, linear } from '../../src/tensor/linear.js';
import { normal, Parameters } from '../../src/tensor/parameters.js';
import { peakBytes } from '../../src/tensor/peak.js';
import { stream } from '../../src/tensor/random.js';
import { recompute, type Means } from '../../src/tensor/recompute.js';
import { tf } from '../../src/tensor/tf.js';
import { random } from '../support/compare.js';
import { assertSteady } from '../support/leaks.js';

const width = 6;
const names = ['a', 'b.inner', 'b'];

/** A part with everything that a second pass could do otherwise: statistics, draws, an input read twice */
function part({ parameters, training }: Means, name: string, x: tf.Tensor): tf.Tensor {
  const normalised = batchNorm(parameters, `${name}.norm`, x, training !== undefined);
  const seen = tf.sigmoid(linear(parameters, `${name}.linear`, normalised));
  return tf.add(x, dropout(seen, 0.4, training));
}

type Runs = (
  means: Means,
  name: string,
  inputs: tf.Tensor[],
  f: (means: Means, inputs: tf.Tensor[]) => tf.Tensor,
) => tf.Tensor;
const kept: Runs = (means, _, inputs, f) => f(means, inputs);

/** Part b has a part within it and a second input. */
const network = (run: Runs, means: Means, x: tf.Tensor, y: tf.Tensor): tf.Tensor => {
  const a = run(means, 'a', [x], (own, [given]) => part(own, 'a', given!));
  return run(means, 'b', [a, y], (own, [first, second]) => {
    const inner = run(own, 'b.inner', [first!], (its, [given]) => part(its, 'b.inner', given!));
    return tf.mul(part(own, 'b', inner), second!);
  });
};

describe('recompute', () => {
  let parameters: Parameters;
  let [x, y]: tf.Variable[] = [];
  beforeEach(() => {
    parameters = new Parameters(1);
    for (const name of names) {
      addBatchNorm(parameters, `${name}.norm`, width);
      addLinear(parameters, `${name}.linear`, width, width, normal(0.5));
    }
    [x, y] = [3, 4].map((seed) => tf.variable(random([5, width], seed)));
  });
  afterEach(() => {
    parameters.dispose();
    tf.dispose([x, y]);
  });
  const trained = () => parameters.names.filter((name) => !isRunningStatistic(name));
  const variables = () => [x!, y!, ...trained().map((name) => parameters.get(name))];

  /** Value, gradients, running statistics and the next draw of a step */
  async function step(run: Runs, training = stream(4, 'dropout')) {
    const start = await parameters.read();
    const dy = random([5, width], 7);
    const { value, grads } = tf.variableGrads(
      () => tf.sum(tf.mul(network(run, { parameters, training }, x!, y!), dy)).asScalar(),
      variables(),
    );
    const read = async (tensors: tf.Tensor[]) =>
      Promise.all(tensors.map(async (tensor) => [...(await tensor.data())]));
    const statistics = parameters.names.filter(isRunningStatistic);
    const made = {
      value: await read([value]),
      gradients: await read(variables().map(({ name }) => grads[name]!)),
      statistics: await read(statistics.map((name) => parameters.get(name))),
      next: training.integer(1000),
    };
    parameters.load(start);
    return made;
  }

  it('has value, gradients, statistics and draws of what is kept, to the last bit', async () => {
    const expected = await step(kept);
    assert.ok(expected.gradients.every((gradient) => gradient.some((each) => each !== 0)));
    assert.deepEqual(await step(recompute), expected);
  });

  it('computes twice for a gradient, and once without one', () => {
    let runs = 0;
    const counted = () =>
      recompute({ parameters, training: undefined }, 'a', [x!], (own, [given]) => {
        runs++;
        return part(own, 'a', given!);
      });
    counted();
    assert.equal(runs, 1);
    tf.variableGrads(() => tf.sum(counted()).asScalar(), [x!]);
    assert.equal(runs, 3);
  });

  it('leads the gradient to what parameters are computed of', async () => {
    const scale = tf.variable(tf.scalar(0.7));
    const scaled = Object.create(parameters, {
      get: { value: (name: string) => scaledWeight(name) ?? parameters.get(name) },
    }) as Parameters;
    const scaledWeight = (name: string) =>
      name === 'a.linear.weight' ? tf.mul(parameters.get(name), scale) : undefined;
    const gradient = async (run: Runs) => {
      const means = { parameters: scaled, training: undefined };
      const { grads } = tf.variableGrads(
        () => tf.sum(tf.square(network(run, means, x!, y!))).asScalar(),
        [scale],
      );
      return grads[scale.name]!.data();
    };
    const expected = await gradient(kept);
    assert.notEqual(expected[0], 0);
    assert.deepEqual(await gradient(recompute), expected);
    scale.dispose();
  });

  it('needs no more memory for ten parts than for two, but for what goes between them', async () => {
    const rows = 512;
    const bytesOf = (run: Runs, parts: number) =>
      peakBytes(() => {
        const means = { parameters, training: stream(1, 'dropout') };
        tf.tidy(() => {
          const input = tf.ones([rows, width]);
          tf.grad((given: tf.Tensor) => {
            let map = given;
            for (let i = 0; i < parts; i++) {
              map = run(means, 'a', [map], (own, [each]) => part(own, 'a', each!));
            }
            return map;
          })(input);
        });
      });
    const growth = async (run: Runs) =>
      ((await bytesOf(run, 10)) - (await bytesOf(run, 2))) / 8 / (4 * rows * width);
    // What goes from one part to the next, and its gradient
    assert.ok(Math.abs((await growth(recompute)) - 2) < 0.1, `${await growth(recompute)}`);
    assert.ok((await growth(kept)) > 5, `${await growth(kept)}`);
  });

  it('keeps no tensor', async () => {
    await assertSteady(() => {
      const { value, grads } = tf.variableGrads(
        () =>
          tf.sum(network(recompute, { parameters, training: stream(1, 'x') }, x!, y!)).asScalar(),
        variables(),
      );
      tf.dispose([value, grads]);
    });
  });

  it('refuses a parameter that is not of the part, whose gradient would be lost', () => {
    const means = { parameters, training: undefined };
    const other = () => recompute(means, 'a', [x!], (own, [given]) => part(own, 'b', given!));
    assert.throws(
      other,
      /recompute: a must read parameters of its own alone, got "b\.norm\.weight"/,
    );
  });

  it('leaves everything in order when the second pass fails', async () => {
    const expected = await step(recompute);
    const statistics = () => parameters.get('a.norm.runningMean').data();
    let runs = 0;
    const fails = () =>
      recompute({ parameters, training: stream(1, 'x') }, 'a', [x!], (own, [given]) => {
        const made = part(own, 'a', given!);
        if (++runs === 2) throw new Error('broken');
        return made;
      });
    const start = await parameters.read();
    tf.tidy(() => part({ parameters, training: stream(1, 'x') }, 'a', x!));
    const before = await statistics();
    parameters.load(start);
    assert.throws(() => tf.variableGrads(() => tf.sum(fails()).asScalar(), [x!]), /broken/);
    assert.deepEqual(await statistics(), before);
    parameters.load(start);
    assert.deepEqual(await step(recompute), expected);
  });
});
