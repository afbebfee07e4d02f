/** CMNeXt in training: its gradients against finite differences, its draws, and what comes of training it. */
import assert from 'node:assert/strict';
import { Cmnext } from '../../../src/models/cmnext/cmnext.js';
import { mergeStages, plainMergeStages } from '../../../src/models/cmnext/head.js';
import { peakBytes } from '../../../src/tensor/peak.js';
import { stream, type Stream } from '../../../src/tensor/random.js';
import { tf } from '../../../src/tensor/tf.js';
import { AdamW } from '../../../src/training/adamw.js';
import { updateParameters } from '../../../src/training/update.js';
import { cmnextInputs, names, tinyCmnext } from '../../support/cmnext.js';
import { assertSameFunction, random } from '../../support/compare.js';
import { assertSteady } from '../../support/leaks.js';

const config = tinyCmnext(3, { layoutSlip: true, dropPath: 0.4, headDropout: 0.3 });
const batch = 3;

describe('Cmnext in training', () => {
  let network: Cmnext;
  let inputs: ReturnType<typeof cmnextInputs>;
  let dy: tf.Tensor;
  beforeEach(() => {
    network = new Cmnext(config, 5);
    inputs = cmnextInputs(config, batch);
    dy = random([batch, config.image.height, config.image.width, config.classes], 12);
  });
  afterEach(() => {
    network.parameters.dispose();
  });
  const trained = () => network.parameters.names.filter((name) => !network.isFixed(name));
  const loss = () => tf.mean(tf.mul(network.fuse(network.embed(inputs)).logits, dy)).asScalar();
  /** With the same draws each time */
  const lossInTraining = () => {
    network.training = stream(2, 'dropout');
    try {
      return loss();
    } finally {
      network.training = undefined;
    }
  };

  it('has the gradients that finite differences show, of every kind of parameter', async () => {
    // Values at which everything matters: layer scales begin near 0, and all biases at 0.
    trained().forEach((name, index) => {
      const parameter = network.parameters.get(name);
      tf.tidy(() => {
        parameter.assign(tf.add(parameter, random(parameter.shape, 100 + index, 0.3)));
      });
    });
    const variables = trained().map((name) => network.parameters.get(name));
    const { grads } = tf.variableGrads(lossInTraining, variables);
    const starts = await network.parameters.read();
    const directions = await Promise.all(
      trained().map(async (name) => {
        const gradient = await grads[network.parameters.get(name).name]!.data();
        const length = Math.hypot(...gradient);
        return { name, length, direction: gradient.map((value) => value / (length || 1)) };
      }),
    );
    const kinds = [
      ['windows', /embed\.convolution/],
      ['layer norms', /^(trunk|fuse).*orm\.(weight|bias)$/],
      ['channel norms', /^auxiliary\.\d\.(embed\.)?norm/],
      ['batch norms', /^(auxiliary\.\d\.blocks.*Norm|fuse.*merge.*orm|head\.norm)/],
      ['self-attention', /attention\.(query|keyValue|output)/],
      ['its reduction', /attention\.reduction\./],
      ['MLPs', /mlp\.(hidden|output)/],
      ['depthwise', /depthwise/],
      ['pooling', /pooling\./],
      ['scales', /Scale$/],
      ['weights over channels', /\.channels\.weight$/],
      ['scores', /\.score\./],
      ['rectification', /^rectify/],
      ['cross-attention', /^fuse.*(input|keyValue|output)/],
      ['merging', /merge/],
      ['the head', /^head/],
    ] as const;
    for (const [kind, pattern] of kinds) {
      // Of each parameter the direction of its gradient, as long as 1: all count.
      const moving = directions.filter(({ name }) => pattern.test(name));
      assert.ok(moving.length > 0, kind);
      const slope = moving.reduce((sum, { length }) => sum + length, 0);
      const step = 2e-3;
      const at = async (by: number) => {
        const moved = moving.map(({ name, direction }) => {
          const { shape, values } = starts.get(name)!;
          return [
            name,
            { shape, values: values.map((each, i) => each + by * direction[i]!) },
          ] as const;
        });
        network.parameters.load(new Map(moved), [...moved.map(([name]) => name)]);
        return (await lossInTraining().data())[0]!;
      };
      const difference = ((await at(step)) - (await at(-step))) / (2 * step);
      network.parameters.load(starts);
      assert.ok(
        Math.abs(difference / slope - 1) < 0.03,
        `${kind}: slope ${slope}, finite difference ${difference}`,
      );
    }
  });

  it('differentiates tokens, so that what makes them can learn', async () => {
    const tokens = network.embed(inputs);
    const [depth] = tf.grads((each: tf.Tensor) =>
      tf.sum(tf.mul(network.fuse({ ...tokens, depth: each }).logits, dy)),
    )([tokens.depth!]);
    assert.ok((await tf.sum(tf.abs(depth!)).data())[0]! > 0);
  });

  it('draws for each block that may be dropped and for the head, and only in training', async () => {
    const counting = { draws: 0, integer: () => counting.draws++ };
    network.fuse(network.embed(inputs));
    assert.equal(counting.draws, 0);
    network.training = counting as unknown as Stream;
    network.fuse(network.embed(inputs));
    network.training = undefined;
    // A key of two: of two branches with two paths, in all stages but the first block, and of the head.
    assert.equal(counting.draws, 2 * (2 * 2 * 3 + 1));

    const first = await lossInTraining().data();
    assert.deepEqual(await lossInTraining().data(), first);
    network.training = stream(3, 'dropout');
    assert.notDeepEqual(await loss().data(), first);
  });

  it('moves running statistics in training alone', async () => {
    const statistics = async () => {
      const fixed = network.parameters.names.filter((name) => network.isFixed(name));
      const values = await Promise.all(fixed.map((name) => network.parameters.get(name).data()));
      return values.map((each) => [...each]);
    };
    const before = await statistics();
    loss();
    assert.deepEqual(await statistics(), before);
    lossInTraining();
    (await statistics()).forEach((each, index) => {
      assert.notDeepEqual(each, before[index]);
    });
  });

  it('keeps of every batch the share that its configuration says', async () => {
    const meansOf = async (batchNormMomentum: number) => {
      const other = new Cmnext({ ...config, batchNormMomentum }, 5);
      other.training = stream(2, 'dropout');
      tf.tidy(() => other.fuse(other.embed(inputs)));
      const means = await other.parameters.get('head.norm.runningMean').array();
      other.parameters.dispose();
      return means as number[];
    };
    const [all, half] = [await meansOf(1), await meansOf(0.5)];
    assert.deepEqual(
      half,
      all.map((mean) => mean / 2),
    );
  });

  it('learns, and keeps no tensor', async () => {
    const optimiser = new AdamW([
      { parameters: network.parameters, isTrained: (name) => !network.isFixed(name) },
    ]);
    const losses: number[] = [];
    await assertSteady(async () => {
      network.training = stream(losses.length, 'dropout');
      const made = updateParameters({
        losses: () => ({ total: loss() }),
        optimiser,
        learningRate: 0.01,
      });
      network.training = undefined;
      losses.push((await made.total.data())[0]!);
      tf.dispose(made);
    });
    assert.ok(losses[losses.length - 1]! < losses[0]!, losses.join(', '));
    optimiser.dispose();
  });

  for (const modalities of [1, 2, 3]) {
    it(`is to the last bit the same when it recomputes, of ${modalities} modalities`, async () => {
      /** The logits of a step, all gradients, running statistics, and the draw that follows */
      const step = async (recompute: boolean) => {
        const own = { ...config, recompute, modalities: names.slice(0, modalities) };
        const made = new Cmnext(own, 5);
        const random = stream(2, 'dropout');
        made.training = random;
        const { parameters } = made;
        const values: Record<string, tf.Tensor> = {};
        const { grads } = tf.variableGrads(
          () => {
            values.logits = tf.keep(made.fuse(made.embed(cmnextInputs(own, batch))).logits);
            return tf.sum(tf.mul(values.logits, dy)).asScalar();
          },
          parameters.names
            .filter((name) => !made.isFixed(name))
            .map((name) => parameters.get(name)),
        );
        for (const name of parameters.names) {
          const variable = parameters.get(name);
          values[name] = made.isFixed(name) ? variable : grads[variable.name]!;
        }
        const read = Object.entries(values).map(
          async ([name, tensor]) => [name, await tensor.data()] as const,
        );
        const all = { ...Object.fromEntries(await Promise.all(read)), next: random.integer(1e9) };
        tf.dispose([values.logits!, grads]);
        parameters.dispose();
        return all;
      };
      assert.deepEqual(await step(true), await step(false));
    });
  }

  it('needs less memory when it recomputes', async () => {
    const bytes = async (recompute: boolean) => {
      const own = tinyCmnext(3, { depths: [3, 3, 3, 3], recompute });
      const made = new Cmnext(own, 5);
      made.training = stream(2, 'dropout');
      const variables = made.parameters.names.map((name) => made.parameters.get(name));
      const given = cmnextInputs(own, batch);
      const peak = await peakBytes(() => {
        const { value, grads } = tf.variableGrads(
          () => tf.mean(made.fuse(made.embed(given)).logits).asScalar(),
          variables.filter((_, index) => !made.isFixed(made.parameters.names[index]!)),
        );
        tf.dispose([value, grads]);
      });
      made.parameters.dispose();
      return peak;
    };
    const [less, more] = [await bytes(true), await bytes(false)];
    assert.ok(less < more / 2, `${less} and ${more} bytes`);
  });

  it('merges stages as it is written', async () => {
    const names = ['head.merge.weight', 'head.stage.1.weight', 'head.stage.4.bias'];
    const features = [
      [2, 8, 6, 4],
      [2, 4, 3, 4],
      [2, 2, 2, 6],
      [2, 1, 1, 8],
    ].map((shape, index) => random(shape, 20 + index));
    const by =
      (merge: typeof mergeStages) =>
      (...all: tf.Tensor[]) => {
        const given = new Map(names.map((name, index) => [name, all[4 + index]!]));
        const parameters = Object.create(network.parameters, {
          get: { value: (name: string) => given.get(name) ?? network.parameters.get(name) },
        }) as typeof network.parameters;
        return merge({ parameters, training: undefined, recompute: false }, all.slice(0, 4));
      };
    const inputs = [...features, ...names.map((name) => network.parameters.get(name).clone())];
    await assertSameFunction(by(mergeStages), by(plainMergeStages), inputs, 'network');
  });
});
