/** Adaptation: what it computes, that it begins as the base, and that nothing but its own set is trained. */
import assert from 'node:assert/strict';
import { Adaptation, type AdaptationConfig } from '../../src/baselines/adaptation.js';
import { basePredictor } from '../../src/evaluation/predictors.js';
import type { BaseNetwork, Inputs, Tokens } from '../../src/models/base.js';
import { multMosi } from '../../src/models/mult/config.js';
import type { Mult } from '../../src/models/mult/mult.js';
import { multShapes } from '../../src/models/mult/parameters.js';
import { addLayerNorm, layerNorm, plainLayerNorm } from '../../src/tensor/layerNorm.js';
import { addLinear, linear, plainLinear } from '../../src/tensor/linear.js';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW } from '../../src/training/adamw.js';
import { updateParameters } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';
import { asExpected, random } from '../support/compare.js';
import { tfnFixture } from '../support/fusion.js';
import { assertSteady } from '../support/leaks.js';
import { loadedMult, multInputs } from '../support/mult.js';

const configs: Record<AdaptationConfig['kind'], AdaptationConfig> = {
  scaleShift: { kind: 'scaleShift' },
  lowRank: { kind: 'lowRank', rank: 2 },
};
const kinds = Object.keys(configs) as AdaptationConfig['kind'][];
/** A linear map, a norm, and a head, of two modalities of which the logits are the sum. */
class TwoLayers implements BaseNetwork {
  readonly modalities = ['a', 'b'].map((name) => ({ name, tokens: 1, width: 4 }));
  readonly parameters = new Parameters(1);

  constructor() {
    addLinear(this.parameters, 'first', 3, 4);
    addLayerNorm(this.parameters, 'norm', 4);
    addLinear(this.parameters, 'head', 4, 2);
    for (const name of this.parameters.names) {
      const variable = this.parameters.get(name);
      variable.assign(random(variable.shape, name.length));
    }
  }

  isOfHead(parameter: string): boolean {
    return parameter.startsWith('head.');
  }

  embed(inputs: Inputs): Tokens {
    return Object.fromEntries(
      Object.entries(inputs).map(([name, x]) => [name, linear(this.parameters, 'first', x)]),
    );
  }

  fuse({ a, b }: Tokens) {
    const normed = layerNorm(this.parameters, 'norm', tf.squeeze(tf.add(a!, b!), [1]));
    return { logits: linear(this.parameters, 'head', normed), attention: [] };
  }
}

/** Random values in the place of the first ones, near those. */
function disturb({ parameters }: Adaptation): void {
  parameters.names.forEach((name, index) => {
    const variable = parameters.get(name);
    variable.assign(tf.add(variable, random(variable.shape, index, 0.3)));
  });
}

describe('adaptation', () => {
  describe('of two layers', () => {
    let base: TwoLayers;
    let inputs: Record<'a' | 'b', tf.Tensor>;
    beforeEach(() => {
      base = new TwoLayers();
      inputs = { a: random([5, 1, 3], 11), b: random([5, 1, 3], 12) };
    });
    afterEach(() => {
      base.parameters.dispose();
    });

    for (const kind of kinds) {
      describe(`by ${kind}`, () => {
        let adaptation: Adaptation;
        beforeEach(() => (adaptation = new Adaptation(base, configs[kind], 1)));
        afterEach(() => {
          adaptation.parameters.dispose();
        });
        const logits = (masked: string[]) => adaptation.predictor()(inputs, masked);

        it('follows its equations', async () => {
          disturb(adaptation);
          const own = (name: string) => adaptation.parameters.get(`missing.b.${name}`);
          const of = (name: string) => base.parameters.get(name);
          const first = (x: tf.Tensor) => {
            const y = plainLinear(x, of('first.weight'), of('first.bias'));
            if (kind === 'scaleShift') {
              return tf.add(tf.mul(y, own('first.scale')), own('first.shift'));
            }
            const [down, up] = [own('first.down'), own('first.up')];
            const update = plainLinear(plainLinear(x, down, tf.zeros([2])), up, tf.zeros([4]));
            return tf.add(y, update);
          };
          const sum = tf.add(first(inputs.a), first(tf.zerosLike(inputs.b)));
          const normed = plainLayerNorm(tf.squeeze(sum, [1]), of('norm.weight'), of('norm.bias'));
          const scaled =
            kind === 'scaleShift'
              ? tf.add(tf.mul(normed, own('norm.scale')), own('norm.shift'))
              : normed;
          const expected = plainLinear(scaled, of('head.weight'), of('head.bias'));
          await assertClose('logits', logits(['b']), await asExpected(expected), 'network');
        });

        it('leaves the base alone where nothing is missing, and is of each set its own', async () => {
          const sets = [[], ['a'], ['b']];
          const all = () => Promise.all(sets.map((masked) => logits(masked).data()));
          const before = await all();
          const changed = adaptation.parametersOf(['b']);
          assert.ok(changed.every((name) => name.startsWith('missing.b.')));
          for (const name of changed) {
            const variable = adaptation.parameters.get(name);
            variable.assign(tf.add(variable, 0.1));
          }
          const after = await all();
          const differ = before.map((values, index) =>
            values.some((value, at) => value !== after[index]![at]),
          );
          assert.deepEqual(differ, [false, false, true]);
        });

        it('trains in a step its own set, and neither others nor the base', async () => {
          const { parameters } = adaptation;
          const [baseBefore, before] = [await base.parameters.read(), await parameters.read()];
          const optimiser = new AdamW([{ parameters }]);
          await assertSteady(() => {
            const losses = updateParameters({
              losses: () => ({ total: tf.mean(tf.square(logits(['a']))).asScalar() }),
              optimiser,
              learningRate: 0.01,
            });
            tf.dispose(losses);
          });
          assert.deepEqual(await base.parameters.read(), baseBefore);
          const after = await parameters.read();
          const changed = parameters.names.filter((name) =>
            after.get(name)!.values.some((value, at) => value !== before.get(name)!.values[at]),
          );
          assert.deepEqual(changed, adaptation.parametersOf(['a']));
          optimiser.dispose();
        });
      });
    }
  });

  describe('of MulT', () => {
    let base: Mult;
    let inputs: ReturnType<typeof multInputs>;
    beforeEach(() => {
      base = loadedMult();
      inputs = multInputs();
    });
    afterEach(() => {
      base.parameters.dispose();
    });

    for (const kind of kinds) {
      describe(`by ${kind}`, () => {
        let adaptation: Adaptation<Mult>;
        beforeEach(() => (adaptation = new Adaptation(base, configs[kind], 1)));
        afterEach(() => {
          adaptation.parameters.dispose();
        });
        const logits = (masked: string[]) => adaptation.predictor()(inputs, masked);

        it('begins as the base, to the last bit, whatever is missing', async () => {
          for (const masked of [[], ['text'], ['audio', 'vision']]) {
            const expected = await basePredictor(base)(inputs, masked).data();
            assert.deepEqual(await logits(masked).data(), expected, masked.join());
          }
        });

        it('has a gradient at its own set alone, which is that of finite differences', async () => {
          disturb(adaptation);
          const { parameters } = adaptation;
          const loss = () => tf.mean(tf.square(logits(['audio']))).asScalar();
          const { grads } = tf.variableGrads(
            loss,
            parameters.names.map((name) => parameters.get(name)),
          );
          const reached = parameters.names.filter((name) => grads[parameters.get(name).name]);
          assert.deepEqual(reached, adaptation.parametersOf(['audio']));

          // Along the gradient the loss changes by the gradient's square.
          const squares = reached.map((name) =>
            tf.sum(tf.square(grads[parameters.get(name).name]!)),
          );
          const [expected] = await squares.reduce((sum, each) => tf.add(sum, each)).data();
          const step = 1e-3 / Math.sqrt(expected!);
          const moved = async (by: number) => {
            for (const name of reached) {
              const variable = parameters.get(name);
              variable.assign(tf.add(variable, tf.mul(grads[variable.name]!, by)));
            }
            return (await loss().data())[0]!;
          };
          const above = await moved(step);
          const below = await moved(-2 * step);
          const slope = (above - below) / (2 * step);
          assert.ok(Math.abs(slope / expected! - 1) < 0.01, `${slope} and not ${expected}`);
        });
      });
    }

    it('is of every layer but the head; of a convolution, which has no bias, a scale alone', () => {
      const { parameters } = new Adaptation(base, configs.scaleShift, 1);
      const rank = new Adaptation(base, configs.lowRank, 1).parameters;
      assert.ok(parameters.has('missing.text+audio.embed.vision.scale'));
      assert.ok(!parameters.has('missing.text+audio.embed.vision.shift'));
      assert.ok(parameters.has('missing.text.memory.audio.norm.shift'));
      assert.ok(rank.has('missing.text.embed.audio.up'));
      assert.ok(!rank.names.some((name) => /[nN]orm/.test(name)));
      for (const { names } of [parameters, rank]) {
        assert.ok(!names.some((name) => name.includes('.head.')));
      }
      parameters.dispose();
      rank.dispose();
    });
  });

  it('of a base with batch normalisation leaves its statistics, though it be in training', async () => {
    const base = tfnFixture.loaded();
    const adaptation = new Adaptation(base, configs.scaleShift, 1);
    const before = await base.parameters.read();
    base.training = stream(1, 'dropout');
    const logits = adaptation.predictor()(tfnFixture.inputs(), ['text']);
    base.training = undefined;
    const expected = basePredictor(base)(tfnFixture.inputs(), ['text']);
    assert.deepEqual(await logits.data(), await expected.data());
    assert.deepEqual(await base.parameters.read(), before);
    base.parameters.dispose();
    adaptation.parameters.dispose();
  });

  it('sees the training of any other base', () => {
    const base = loadedMult() as Mult & BaseNetwork;
    const adaptation = new Adaptation(base, configs.scaleShift, 1);
    const adapted = adaptation.network(['text']);
    base.training = stream(1, 'dropout');
    assert.equal(adapted.training, base.training);
    base.training = undefined;
    assert.equal(adapted.training, undefined);
    base.parameters.dispose();
    adaptation.parameters.dispose();
  });

  it('has about 2 % of the parameters of MulT for each set', () => {
    // A network of which only the shapes are looked at
    const parameters = new Parameters(1);
    for (const [name, shape] of multShapes(multMosi)) parameters.add(name, [...shape], zeros);
    const modalities = ['text', 'audio', 'vision'].map((name) => ({ name, tokens: 1, width: 50 }));
    const base = {
      ...{ parameters, modalities, embed: () => ({}) },
      isOfHead: (name: string) => name.startsWith('head.'),
      fuse: () => ({ logits: tf.scalar(0), attention: [] }),
    };
    const countOf = (config: AdaptationConfig) => {
      const adaptation = new Adaptation(base, config, 1);
      const names = new Set(adaptation.parametersOf(['text']));
      const count = adaptation.parameters.countOf((name) => names.has(name));
      assert.equal(adaptation.parameters.count, 6 * count);
      adaptation.parameters.dispose();
      return count;
    };
    // Every layer of an encoder of width d has 11·d outputs, norms among them, and its last norm d: of the
    // cross-modal ones six with four layers of 50, of the memories three with four of 100.
    const outputs = 6 * (4 * 11 * 50 + 50) + 3 * (4 * 11 * 100 + 100);
    assert.equal(countOf(configs.scaleShift), 2 * outputs + 3 * 50);
    // Low rank: 8·d in and out of the attention, 10·d of the MLP; convolutions have 5·F in and 50 out.
    const ends = 6 * 4 * 18 * 50 + 3 * 4 * 18 * 100 + 5 * (768 + 5 + 20) + 3 * 50;
    assert.equal(countOf({ kind: 'lowRank', rank: 1 }), ends);
    parameters.dispose();
  });

  it('refuses what cannot be', () => {
    const base = new TwoLayers();
    assert.throws(() => new Adaptation(base, { kind: 'lowRank', rank: 0 }, 1), {
      message: /Adaptation rank: must be a positive integer, got 0/,
    });
    const kind = { kind: 'lora' as 'scaleShift' };
    assert.throws(() => new Adaptation(base, kind, 1), {
      message: 'Adaptation kind: must be scaleShift or lowRank, got lora',
    });
    const adaptation = new Adaptation(base, configs.scaleShift, 1);
    assert.throws(() => adaptation.network(['c']), { message: /unknown modality "c"/ });
    assert.throws(() => adaptation.network(['a', 'b']), { message: /every modality is missing/ });
    base.parameters.dispose();
    adaptation.parameters.dispose();
  });
});
