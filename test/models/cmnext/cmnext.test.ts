import assert from 'node:assert/strict';
import {
  cmnextBackbones,
  cmnextFromDeliver,
  dropPathRates,
  type CmnextConfig,
} from '../../../src/models/cmnext/config.js';
import { Cmnext } from '../../../src/models/cmnext/cmnext.js';
import { cmnextShapes } from '../../../src/models/cmnext/parameters.js';
import { isRunningStatistic } from '../../../src/tensor/batchNorm.js';
import { tf } from '../../../src/tensor/tf.js';
import { assertClose } from '../../support/close.js';
import { cmnextInputs, names, tinyCmnext } from '../../support/cmnext.js';
import { asExpected, random } from '../../support/compare.js';
import { assertSteady } from '../../support/leaks.js';

const image = { height: 512, width: 512 };
const countOf = (config: CmnextConfig, part = /^/) =>
  [...cmnextShapes(config)]
    .filter(([name]) => part.test(name) && !isRunningStatistic(name))
    .reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);

describe('parameters of CMNeXt', () => {
  const { B2, B4, B5 } = cmnextBackbones;
  for (const [what, backbone, modalities, classes, expected] of [
    ['B2 of colours', B2, 1, 25, 25_785_049],
    ['B2 and one more', B2, 2, 25, 58_694_225],
    ['B2 and two more', B2, 3, 25, 58_718_809],
    ['B2 and three more', B2, 4, 25, 58_732_125],
    ['MCubeS', B2, 4, 20, 58_729_560],
    ['NYUDv2', B4, 2, 40, 116_576_299],
    ['FMB', B2, 2, 14, 58_688_582],
    ['FMB with B4', B4, 2, 14, 116_562_961],
  ] as const) {
    it(`are as many as in the public code: ${what}`, () => {
      const config = { ...backbone, modalities: names.slice(0, modalities), classes, image };
      assert.equal(countOf(config), expected);
    });
  }

  it('are as many by part', () => {
    const config = { ...B2, modalities: names, classes: 25, image };
    for (const [part, expected] of [
      [/^trunk\./, 24_196_288],
      [/^auxiliary\.\d\.(?!score)/, 16_321_392],
      [/^rectify\./, 10_019_848],
      [/^fuse\./, 6_572_032],
      [/^auxiliary\.\d\.score/, 33_804],
      [/^head\./, 1_588_761],
    ] as const) {
      assert.equal(countOf(config, part), expected, String(part));
    }
  });

  it('have the rates of stochastic depth over all blocks', () => {
    const config = { ...B5, modalities: names, classes: 2, image };
    const rates = dropPathRates(config);
    assert.deepEqual(
      rates.map(({ length }) => length),
      B5.depths,
    );
    assert.equal(rates.flat()[0], 0);
    assert.equal(rates.flat().at(-1), 0.1);
    assert.ok(Math.abs(rates[1]![0]! - (0.1 * 3) / 51) < 1e-12);
    assert.deepEqual(dropPathRates(tinyCmnext(2, { dropPath: 0 })).flat(), [0, 0, 0, 0]);
  });

  it('begin as in the public code', async () => {
    const network = new Cmnext(tinyCmnext(2, { embedDims: [16, 16, 24, 32] }), 7);
    const deviation = async (name: string) => {
      const { mean, variance } = tf.moments(network.parameters.get(name));
      return [(await mean.data())[0]!, Math.sqrt((await variance.data())[0]!)] as const;
    };
    for (const [name, expected] of [
      ['trunk.3.blocks.0.mlp.hidden.weight', 0.02],
      ['trunk.1.embed.convolution.weight', Math.sqrt(2 / (49 * 16))],
      ['auxiliary.4.blocks.0.mlp.hidden.weight', Math.sqrt(2 / 128)],
      ['auxiliary.4.blocks.0.mlp.depthwise.weight', Math.sqrt(2 / (9 * 128))],
      ['trunk.1.blocks.0.attention.reduction.weight', Math.sqrt(2 / (16 * 16))],
    ] as const) {
      const [mean, found] = await deviation(name);
      assert.ok(Math.abs(found / expected - 1) < 0.1, `${name}: ${found}, expected ${expected}`);
      assert.ok(Math.abs(mean) < expected / 5, `${name}: mean ${mean}`);
    }
    const all = async (name: string, value: number) => {
      const values = await network.parameters.get(name).data();
      assert.ok(
        values.every((each) => each === Math.fround(value)),
        name,
      );
    };
    await all('auxiliary.2.blocks.0.poolingScale', 0.01);
    await all('trunk.2.norm.weight', 1);
    await all('head.output.bias', 0);
    network.parameters.dispose();
  });
});

describe('Cmnext', () => {
  const made: Cmnext[] = [];
  const networkOf = (...of: Parameters<typeof tinyCmnext>) => {
    const network = new Cmnext(tinyCmnext(...of), 3);
    made.push(network);
    return network;
  };
  afterEach(() => {
    for (const network of made.splice(0)) network.parameters.dispose();
  });
  const run = (network: Cmnext, inputs: Record<string, tf.Tensor>) =>
    network.fuse(network.embed(inputs), undefined, network.gridOf(inputs));
  const isFinite = async (tensor: tf.Tensor) =>
    (await tensor.data()).every((value) => Number.isFinite(value));

  for (const count of [1, 2, 3, 4]) {
    it(`runs with ${count} modalities: tokens, features and logits of the image's size`, async () => {
      const network = networkOf(count);
      const inputs = cmnextInputs(network.config);
      assert.deepEqual(
        network.modalities,
        names.slice(0, count).map((name) => ({ name, tokens: 8 * 16, width: 4 })),
      );
      const tokens = network.embed(inputs);
      for (const name of names.slice(0, count)) assert.deepEqual(tokens[name]!.shape, [2, 128, 4]);
      const { logits, attention, features } = network.fuse(tokens);
      assert.deepEqual(logits.shape, [2, 32, 64, 3]);
      assert.deepEqual(attention, []);
      assert.deepEqual(
        features.map(({ shape }) => shape),
        [
          [2, 8, 16, 4],
          [2, 4, 8, 4],
          [2, 2, 4, 6],
          [2, 1, 2, 8],
        ],
      );
      assert.ok(await isFinite(logits));
      assert.equal(
        network.parameters.names.some((name) => name.startsWith('auxiliary.')),
        count > 1,
      );
      assert.equal(
        network.parameters.names.some((name) => name.includes('.score.')),
        count > 2,
      );
    });
  }

  it('takes images of other sizes, also where maps are no multiples of patches', async () => {
    const network = networkOf(3);
    for (const [height, width] of [
      [64, 32],
      [52, 44],
      [96, 68],
    ] as const) {
      const inputs = cmnextInputs(network.config, 1, { height, width });
      assert.deepEqual(network.gridOf(inputs), { height: height / 4, width: width / 4 });
      const { logits } = run(network, inputs);
      assert.deepEqual(logits.shape, [1, height, width, 3]);
      assert.ok(await isFinite(logits));
    }
  });

  it('embeds only what it is given, each by itself', async () => {
    const network = networkOf(3);
    const inputs = cmnextInputs(network.config);
    const whole = network.embed(inputs);
    const { depth } = network.embed({ depth: inputs.depth! });
    assert.deepEqual(Object.keys(network.embed({ depth: inputs.depth! })), ['depth']);
    assert.deepEqual(await depth!.data(), await whole.depth!.data());
  });

  it('depends on every modality, and through its tokens alone', async () => {
    const network = networkOf(4);
    const tokens = network.embed(cmnextInputs(network.config));
    const logits = await network.fuse(tokens).logits.data();
    for (const name of names) {
      const other = { ...tokens, [name]: random(tokens[name]!.shape, 9) };
      assert.notDeepEqual(await network.fuse(other).logits.data(), logits, name);
    }
  });

  it('slips layouts only where told, and only of several auxiliary modalities', async () => {
    const inputs = cmnextInputs(tinyCmnext(4));
    const logits = async (count: number, layoutSlip?: boolean) => {
      const network = networkOf(count, layoutSlip === undefined ? {} : { layoutSlip });
      const given = Object.fromEntries(names.slice(0, count).map((name) => [name, inputs[name]!]));
      return run(network, given).logits.data();
    };
    assert.deepEqual(await logits(4), await logits(4, false));
    assert.notDeepEqual(await logits(4), await logits(4, true));
    assert.deepEqual(await logits(2), await logits(2, true));
  });

  it('does not care for the order of the batch outside of training', async () => {
    const network = networkOf(3);
    const inputs = cmnextInputs(network.config, 2);
    const single = Object.fromEntries(
      Object.entries(inputs).map(([name, each]) => [name, tf.slice(each, [1], [1])]),
    );
    const second = tf.slice(run(network, inputs).logits, [1], [1]);
    await assertClose('logits', run(network, single).logits, await asExpected(second), 'network');
  });

  it('says which parameters are of the head and which no optimiser changes', () => {
    const network = networkOf(2);
    assert.ok(
      network.isOfHead('head.stage.1.weight') && !network.isOfHead('fuse.1.trunk.norm.weight'),
    );
    assert.equal(network.parameters.names.filter((name) => network.isFixed(name)).length, 2 * 17);
  });

  it('keeps no tensor', async () => {
    const network = networkOf(3);
    const inputs = cmnextInputs(network.config);
    await assertSteady(() => {
      const tokens = network.embed(inputs);
      const { logits, features } = network.fuse(tokens);
      tf.dispose([tokens, logits, features]);
    });
  });

  it('names what does not fit', () => {
    const network = networkOf(3);
    const inputs = cmnextInputs(network.config);
    const tokens = network.embed(inputs);
    const ones = (...shape: number[]) => tf.ones(shape);
    for (const [of, message] of [
      [
        () => network.embed({ depth: ones(1, 32, 32, 1) }),
        /Cmnext\.embed: depth must be \[B, H, W, 3\], got \[1, 32, 32, 1\]/,
      ],
      [
        () => network.embed({ rgb: ones(1, 32, 64, 3), event: ones(1, 64, 32, 3) }),
        /Cmnext\.embed: event must .*H=32/,
      ],
      [
        () => network.embed({ rgb: ones(1, 30, 64, 3) }),
        /Cmnext\.embed: height and width must be multiples of 4, got 30 × 64/,
      ],
      [() => network.embed({}), /Cmnext\.embed: no image of rgb, depth, event/],
      [
        () => network.fuse({ ...tokens, depth: ones(2, 127, 4) }),
        /Cmnext\.fuse: depth must have 8 × 16 tokens, got \[2, 127, 4\]/,
      ],
      [() => network.fuse({ rgb: tokens.rgb! }), /Cmnext\.fuse: no tokens of depth, event/],
      [() => network.fuse({ ...tokens, event: ones(2, 128, 5) }), /event must be \[B=2, N, d=4\]/],
      [
        () => run(network, cmnextInputs(network.config, 1, { height: 16, width: 12 })),
        /Cmnext\.fuse: stage 1 has 4 × 3 cells, less than a patch of 4 × 4/,
      ],
    ] as const) {
      assert.throws(of, message);
    }
  });

  it('names what is wrong in a configuration', () => {
    const wrong = (changes: object, message: RegExp) => {
      assert.throws(() => new Cmnext({ ...tinyCmnext(2), ...changes }, 1), message);
    };
    wrong({ embedDims: [4, 4, 7, 8] }, /heads 3 do not divide width 7 of stage 3/);
    wrong({ depths: [1, 1, 0, 1] }, /depths\[2\] must be a positive integer, got 0/);
    wrong({ heads: [1, 1] }, /heads must have four numbers, got \[1, 1\]/);
    wrong({ classes: 1.5 }, /classes must be a positive integer, got 1.5/);
    wrong({ modalities: [] }, /at least one modality/);
    wrong({ modalities: ['rgb', 'a.b', 'rgb'] }, /different names without dots, got a\.b, rgb/);
    wrong({ image: { height: 30, width: 32 } }, /image: height and width must be multiples of 4/);
    wrong({ image: { height: 8, width: 32 } }, /image: stage 1 has 2 × 8 cells/);
    wrong({ dropPath: 1 }, /dropPath must be at least 0 and below 1, got 1/);
    wrong({ batchNormMomentum: 0 }, /batchNormMomentum must be above 0 and at most 1, got 0/);
    wrong({ headDropout: -1 }, /headDropout must be at least 0 and below 1, got -1/);
  });

  it('reads the configuration of a golden case, and names the keys that are wrong', () => {
    const json = {
      ...{ embed_dims: [4, 4, 6, 8], depths: [1, 1, 1, 1], heads: [1, 2, 3, 4] },
      ...{ sr_ratios: [4, 2, 2, 1], modalities: ['rgb', 'depth'], decoder_dim: 6 },
      ...{ num_classes: 3, height: 32, width: 64, batch: 2, layout: 'NCHW' },
    };
    assert.deepEqual(cmnextFromDeliver(json), tinyCmnext(2, { layoutSlip: true }));
    assert.throws(
      () => cmnextFromDeliver({ ...json, depths: [1, 1], decoder_dim: undefined }),
      /depths.*decoder_dim/,
    );
  });
});
