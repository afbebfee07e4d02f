import assert from 'node:assert/strict';
import type { StoredTensor } from '../../../src/files/safetensors.js';
import { multMosi } from '../../../src/models/mult/config.js';
import { multFromMmsa } from '../../../src/models/mult/mmsaConfig.js';
import { Mult } from '../../../src/models/mult/mult.js';
import { loadMultWeights, mmsaWeights } from '../../../src/models/mult/weights.js';
import { loadedMult, multConfig, multWeights } from '../../support/mult.js';

const zeros = (...shape: number[]): StoredTensor => ({
  shape,
  values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

describe('weights of Mult', () => {
  it('are written as MMSA has them, but for its versions', async () => {
    const mult = loadedMult();
    const written = await mmsaWeights(mult);
    const expected = [...multWeights()].filter(([name]) => !name.endsWith('.version'));
    assert.deepEqual([...written.keys()].sort(), expected.map(([name]) => name).sort());
    for (const [name, tensor] of expected) assert.deepEqual(written.get(name), tensor, name);
    mult.parameters.dispose();
  });

  it('round-trip', async () => {
    const [mult, other] = [new Mult(multConfig, 1), new Mult(multConfig, 2)];
    loadMultWeights(other, await mmsaWeights(mult));
    assert.deepEqual(await other.parameters.read(), await mult.parameters.read());
    mult.parameters.dispose();
    other.parameters.dispose();
  });

  const refused: [string, (tensors: Map<string, StoredTensor>) => void, RegExp][] = [
    [
      'what is not all',
      (tensors) => tensors.delete('trans_l_mem.layers.2.self_attn.in_proj_bias'),
      /loadMultWeights: missing trans_l_mem\.layers\.2\.self_attn\.in_proj_bias; unknown none$/,
    ],
    [
      'unknown tensors',
      (tensors) => tensors.set('trans_a_with_v.layers.1.fc1.bias', zeros(12)),
      /loadMultWeights: missing none; unknown trans_a_with_v\.layers\.1\.fc1\.bias$/,
    ],
    [
      'a convolution of another shape',
      (tensors) => tensors.set('proj_l.weight', zeros(3, 3, 2)),
      /loadMultWeights: "proj_l\.weight" must be \[3, 2, 3\], got \[3, 3, 2\]/,
    ],
    [
      'query, key and value of another width',
      (tensors) => tensors.set('trans_a_mem.layers.0.self_attn.in_proj_weight', zeros(9, 6)),
      /"trans_a_mem\.layers\.0\.self_attn\.in_proj_weight" must have 18 rows, got \[9, 6\]/,
    ],
    [
      'what is not finite',
      (tensors) => (tensors.get('proj2.bias')!.values[3] = NaN),
      /"head\.residual\.bias" holds NaN at index 3/,
    ],
  ];
  for (const [what, change, message] of refused) {
    it(`refuse ${what}, and change nothing`, async () => {
      const mult = new Mult(multConfig, 2);
      const before = await mult.parameters.read();
      const tensors = multWeights();
      change(tensors);
      assert.throws(() => {
        loadMultWeights(mult, tensors);
      }, message);
      assert.deepEqual(await mult.parameters.read(), before);
      mult.parameters.dispose();
    });
  }
});

describe("MMSA's configuration of Mult", () => {
  const json = {
    use_bert: false,
    dst_feature_dim_nheads: [50, 10],
    feature_dims: [768, 5, 20],
    nlevels: 4,
    attn_mask: true,
    train_mode: 'regression',
    num_classes: 3,
    conv1d_kernel_size_l: 5,
    conv1d_kernel_size_a: 1,
    conv1d_kernel_size_v: 3,
  };
  const lengths = { text: 50, audio: 375, vision: 500 };

  it('is read', () => {
    assert.deepEqual(multFromMmsa(json, lengths), {
      text: { length: 50, features: 768, kernel: 5 },
      audio: { length: 375, features: 5, kernel: 1 },
      vision: { length: 500, features: 20, kernel: 3 },
      width: 50,
      heads: 10,
      layers: 4,
      classes: 1,
      masked: true,
    });
    const classes = { ...json, train_mode: 'classification', attn_mask: false };
    assert.equal(multFromMmsa(classes, lengths).classes, 3);
    assert.equal(multFromMmsa(classes, lengths).masked, false);
  });

  const rates = {
    text_dropout: 0.5,
    attn_dropout: 0.3,
    attn_dropout_a: 0.2,
    attn_dropout_v: 0,
    embed_dropout: 0.2,
    relu_dropout: 0,
    res_dropout: 0,
    output_dropout: 0.5,
  };

  it("has the rates of dropout, which are ours for MMSA's own configuration", () => {
    const read = multFromMmsa({ ...json, ...rates }, lengths);
    assert.deepEqual(read.dropout, multMosi.dropout);
    // Each key by itself: where it goes.
    const keys = Object.keys(rates);
    const numbered = Object.fromEntries(keys.map((key, index) => [key, index / 8]));
    assert.deepEqual(multFromMmsa({ ...json, ...numbered }, lengths).dropout, {
      textFeatures: 0,
      attention: { text: 1 / 8, audio: 2 / 8, vision: 3 / 8 },
      memoryAttention: 1 / 8,
      embedding: 4 / 8,
      hidden: 5 / 8,
      residual: 6 / 8,
      head: 7 / 8,
    });
  });

  it('names rates that are absent beside others, or are none', () => {
    const read = (changes: object) => () =>
      multFromMmsa({ ...json, ...rates, ...changes }, lengths);
    assert.throws(read({ attn_dropout_v: undefined }), /attn_dropout_v/);
    assert.throws(read({ res_dropout: 1 }), /res_dropout/);
    assert.throws(() => multFromMmsa({ ...json, text_dropout: 0.5 }, lengths), /output_dropout/);
  });

  it('names every key that this network cannot follow', () => {
    const wrong = { ...json, use_bert: true, nlevels: undefined };
    assert.throws(() => multFromMmsa(wrong, lengths), /use_bert: .*false.*; nlevels: /);
    assert.throws(
      () => multFromMmsa({ ...json, feature_dims: [768, 50, 20] }, lengths),
      /MMSA does not convolve audio: its features are 50 wide/,
    );
  });
});
