import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors, type StoredTensor } from '../../../src/files/safetensors.js';
import { cmnextFromDeliver } from '../../../src/models/cmnext/config.js';
import { Cmnext } from '../../../src/models/cmnext/cmnext.js';
import {
  deliverWeights,
  loadCmnextWeights,
  loadTrunkWeights,
} from '../../../src/models/cmnext/weights.js';
import { cmnextFolder, tinyCmnext } from '../../support/cmnext.js';
import { skip } from '../../support/skip.js';

const zeros = (...shape: number[]): StoredTensor => ({
  shape,
  values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});
const config = tinyCmnext(3, { layoutSlip: true });

describe('weights of CMNeXt', () => {
  const made: Cmnext[] = [];
  const network = (of = config, seed = 1) => {
    const each = new Cmnext(of, seed);
    made.push(each);
    return each;
  };
  afterEach(() => {
    for (const each of made.splice(0)) each.parameters.dispose();
  });

  for (const name of ['cmnext2', 'cmnext4'] as const) {
    it(`are written as the public code has them, but for its counts: ${name}`, async function () {
      const folder = cmnextFolder(name);
      if (!existsSync(folder)) skip(this, `${folder} is absent`);
      const json: unknown = JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
      const { tensors } = readSafetensors(path.join(folder, 'model.safetensors'));
      const loaded = network(cmnextFromDeliver(json));
      loadCmnextWeights(loaded, tensors);
      const written = await deliverWeights(loaded);
      const expected = [...tensors].filter(([each]) => !each.endsWith('.num_batches_tracked'));
      assert.deepEqual([...written.keys()].sort(), expected.map(([each]) => each).sort());
      for (const [each, tensor] of expected) assert.deepEqual(written.get(each), tensor, each);
    });
  }

  it('round-trip', async () => {
    const other = network(config, 2);
    loadCmnextWeights(other, await deliverWeights(network()));
    assert.deepEqual(await other.parameters.read(), await made[1]!.parameters.read());
  });

  it('have outputs first and then inputs, rows and columns', async () => {
    const written = await deliverWeights(network());
    const values = await made[0]!.parameters.read();
    for (const [theirs, ours, shape, at] of [
      [
        'backbone.patch_embed1.proj.weight',
        'trunk.1.embed.convolution.weight',
        [4, 3, 7, 7],
        [2, 1, 3, 5],
      ],
      [
        'backbone.block1.0.attn.sr.weight',
        'trunk.1.blocks.0.attention.reduction.weight',
        [4, 4, 4, 4],
        [3, 1, 2, 0],
      ],
      [
        'backbone.extra_block2.0.attn.conv0.weight',
        'auxiliary.2.blocks.0.pooling.depthwise.weight',
        [4, 1, 7, 7],
        [3, 0, 6, 1],
      ],
      [
        'backbone.FRMs.2.spatial_weights.mlp.2.weight',
        'rectify.3.cells.output.weight',
        [2, 6, 1, 1],
        [1, 4, 0, 0],
      ],
      [
        'backbone.block3.0.attn.kv.weight',
        'trunk.3.blocks.0.attention.keyValue.weight',
        [12, 6],
        [9, 2],
      ],
    ] as const) {
      const tensor = written.get(theirs)!;
      assert.deepEqual(tensor.shape, shape);
      const [outputs, inputs, rows = 1, columns = 1] = shape;
      const [o, i, r = 0, c = 0] = at;
      const there = tensor.values[((o * inputs + i) * rows + r) * columns + c];
      // Channels of depthwise filters are outputs there, and what they are here.
      const here =
        inputs === 1
          ? (r * columns + c) * outputs + o
          : ((r * columns + c) * inputs + i) * outputs + o;
      assert.equal(values.get(ours)!.values[here], there, theirs);
    }
  });

  const refused: [string, (tensors: Map<string, StoredTensor>) => void, RegExp][] = [
    [
      'what is not all',
      (tensors) => tensors.delete('backbone.extra_block3.0.layer_scale_2'),
      /loadCmnextWeights: missing backbone\.extra_block3\.0\.layer_scale_2; unknown none$/,
    ],
    [
      'unknown tensors',
      (tensors) => tensors.set('backbone.extra_downsample_layers.0.norm.ln_2.bias', zeros(4)),
      /missing none; unknown backbone\.extra_downsample_layers\.0\.norm\.ln_2\.bias$/,
    ],
    [
      'another shape',
      (tensors) => tensors.set('decode_head.linear_pred.weight', zeros(4, 6, 1, 1)),
      /"decode_head\.linear_pred\.weight" must be \[3, 6, 1, 1\], got \[4, 6, 1, 1\]/,
    ],
    [
      'what is not finite',
      (tensors) => (tensors.get('backbone.norm2.bias')!.values[1] = NaN),
      /"trunk\.2\.norm\.bias" holds NaN at index 1/,
    ],
  ];
  for (const [what, change, message] of refused) {
    it(`refuse ${what}, and change nothing`, async () => {
      const tensors = await deliverWeights(network(config, 2));
      change(tensors);
      const before = await network().parameters.read();
      assert.throws(() => {
        loadCmnextWeights(made[1]!, tensors);
      }, message);
      assert.deepEqual(await made[1]!.parameters.read(), before);
    });
  }

  it('want to know whether layouts slip, where that matters', async () => {
    const weights = await deliverWeights(network());
    weights.set('head.norm.num_batches_tracked', zeros());
    const open = network(tinyCmnext(3), 2);
    assert.throws(() => {
      loadCmnextWeights(open, weights);
    }, /loadCmnextWeights: layoutSlip must be true for weights of the public code/);
    loadCmnextWeights(network(tinyCmnext(3, { layoutSlip: false }), 2), weights);
    const two = await deliverWeights(network(tinyCmnext(2), 3));
    loadCmnextWeights(network(tinyCmnext(2), 4), two);
  });

  it('of a trunk alone, as ImageNet gives them, are loaded as far as they go', async () => {
    const deeper = network({ ...config, depths: [1, 2, 1, 1] }, 2);
    const whole = [...(await deliverWeights(deeper))].filter(([name]) =>
      /^backbone\.(patch_embed|block|norm)/.test(name),
    );
    const tensors = new Map(whole.map(([name, each]) => [name.replace('backbone.', ''), each]));
    tensors.set('head.weight', zeros(1000, 8));
    tensors.delete('norm4.bias');
    const before = await network().parameters.read();
    const { kept, unused } = loadTrunkWeights(made[1]!, tensors);
    assert.deepEqual(kept, ['trunk.4.norm.bias']);
    assert.equal(unused.at(-1), 'head.weight');
    assert.ok(unused.slice(0, -1).every((name) => name.startsWith('block2.1.')));
    assert.ok(unused.length > 10);
    const [from, after] = [await deeper.parameters.read(), await made[1]!.parameters.read()];
    for (const [name, { values }] of after) {
      const isLoaded = name.startsWith('trunk.') && name !== 'trunk.4.norm.bias';
      assert.deepEqual(values, (isLoaded ? from : before).get(name)!.values, name);
    }
  });

  it('of a trunk are refused with another shape, or where there are none', () => {
    const load = (name: string, tensor: StoredTensor) => () => {
      loadTrunkWeights(network(), new Map([[name, tensor]]));
    };
    assert.throws(
      load('patch_embed1.norm.bias', zeros(5)),
      /loadTrunkWeights: "patch_embed1\.norm\.bias" must be \[4\], got \[5\]/,
    );
    assert.throws(load('layer1.weight', zeros(5)), /no tensor of the trunk.*layer1\.weight/);
  });
});
