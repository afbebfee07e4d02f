import assert from 'node:assert/strict';
import type { StoredTensor } from '../../../src/files/safetensors.js';
import type { ViltConfig } from '../../../src/models/vilt/config.js';
import { viltFromHuggingFace } from '../../../src/models/vilt/huggingFaceConfig.js';
import { Vilt } from '../../../src/models/vilt/vilt.js';
import { huggingFaceWeights, loadViltWeights } from '../../../src/models/vilt/weights.js';
import { assertClose } from '../../support/close.js';
import { loadedVilt, viltConfig, viltTorch, viltWeights } from '../../support/vilt.js';

const headNames = ['hidden', 'norm', 'output'].flatMap((part) =>
  ['weight', 'bias'].map((kind) => `head.${part}.${kind}`),
);

describe('weights of Vilt', () => {
  const made: Vilt[] = [];
  const fresh = (changes: Partial<ViltConfig> = {}) => {
    made.push(new Vilt({ ...viltConfig, ...changes }, 2));
    return made.at(-1)!;
  };
  afterEach(() => {
    for (const { parameters } of made.splice(0)) parameters.dispose();
  });
  const changed = (
    tensors: Map<string, StoredTensor>,
    change: (tensors: Map<string, StoredTensor>) => void,
  ) => {
    change(tensors);
    return tensors;
  };
  const original = () => viltTorch.under('original.');

  it('become the same from every layout', async () => {
    const reference = loadedVilt();
    made.push(reference);
    const expected = await reference.parameters.read();
    const withoutPrefix = new Map(
      [...viltWeights()].map(([name, tensor]) => [name.replace(/^vilt\./, ''), tensor]),
    );
    for (const tensors of [withoutPrefix, original()]) {
      const vilt = fresh();
      assert.deepEqual(loadViltWeights(vilt, tensors), { kept: [], unused: [] });
      assert.deepEqual(await vilt.parameters.read(), expected);
    }
  });

  it('are written as Hugging Face has them', async () => {
    const vilt = fresh();
    loadViltWeights(vilt, original());
    const written = await huggingFaceWeights(vilt);
    const expected = viltWeights();
    assert.deepEqual([...written.keys()].sort(), [...expected.keys()].sort());
    for (const [name, tensor] of expected) assert.deepEqual(written.get(name), tensor, name);
  });

  it('round-trip with a linear head', async () => {
    const vilt = fresh({ head: 'linear' });
    const other = fresh({ head: 'linear' });
    loadViltWeights(vilt, viltWeights());
    assert.deepEqual(loadViltWeights(other, await huggingFaceWeights(vilt)).kept, []);
    assert.deepEqual(await other.parameters.read(), await vilt.parameters.read());
  });

  for (const rows of [5, 20, 31]) {
    it(`have positions for ${rows} words as PyTorch interpolates them`, async () => {
      const vilt = fresh({ textLength: rows });
      loadViltWeights(vilt, original());
      const positions = vilt.parameters.get('embed.text.position');
      await assertClose('positions', positions, viltTorch.stored(`positions.${rows}`), 'layer');
    });
  }

  it('leave a head as it is that no classifier fits, and say so', async () => {
    const vilt = fresh({ classes: 7 });
    const before = await vilt.parameters.read();
    const tensors = changed(original(), (all) => {
      const some = all.get('transformer.cls_token')!;
      for (const name of [
        'mlm_score.decoder.weight',
        'itm_score.fc.bias',
        'text_embeddings.position_ids',
        'complete_prompt',
        'nlvr2_classifier.0.weight',
      ]) {
        all.set(name, some);
      }
    });
    const { kept, unused } = loadViltWeights(vilt, tensors);
    assert.deepEqual(kept, headNames);
    assert.deepEqual(unused.sort(), [
      'complete_prompt',
      ...[0, 1, 3].flatMap((part) =>
        ['bias', 'weight'].map((kind) => `food101_classifier.${part}.${kind}`),
      ),
      'itm_score.fc.bias',
      'mlm_score.decoder.weight',
      'nlvr2_classifier.0.weight',
      'text_embeddings.position_ids',
    ]);
    const after = await vilt.parameters.read();
    for (const name of headNames) assert.deepEqual(after.get(name), before.get(name));
    assert.notDeepEqual(after.get('norm.weight'), before.get('norm.weight'));
  });

  describe('refuse, and change nothing', () => {
    const tensor = (...shape: number[]): StoredTensor => ({
      shape,
      values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
    });
    const cases: [string, Map<string, StoredTensor>, RegExp][] = [
      [
        'unknown tensors',
        changed(original(), (all) => all.set('transformer.blocks.2.norm1.weight', tensor(16))),
        /loadViltWeights: missing none; unknown transformer\.blocks\.2\.norm1\.weight$/,
      ],
      [
        'what is not all',
        changed(viltWeights(), (all) => all.delete('vilt.pooler.dense.bias')),
        /loadViltWeights: missing pooler\.dense\.bias; unknown none$/,
      ],
      [
        'another shape',
        changed(viltWeights(), (all) => all.set('vilt.embeddings.cls_token', tensor(16))),
        /loadViltWeights: "vilt\.embeddings\.cls_token" must be \[1, 1, 16\], got \[16\]/,
      ],
      [
        'positions of another width',
        changed(original(), (all) =>
          all.set('text_embeddings.position_embeddings.weight', tensor(40, 8)),
        ),
        /"text_embeddings\.position_embeddings\.weight" must be \[9, 16\], got \[40, 8\]/,
      ],
      [
        'query, key and value of another width',
        changed(original(), (all) =>
          all.set('transformer.blocks.1.attn.qkv.weight', tensor(47, 16)),
        ),
        /"transformer\.blocks\.1\.attn\.qkv\.weight" must have 48 rows, got \[47, 16\]/,
      ],
      [
        'what is not finite',
        changed(viltWeights(), (all) => {
          all.get('vilt.layernorm.bias')!.values[3] = NaN;
        }),
        /"norm\.bias" holds NaN at index 3/,
      ],
    ];
    for (const [what, tensors, message] of cases) {
      it(what, async () => {
        const vilt = fresh();
        const before = await vilt.parameters.read();
        assert.throws(() => loadViltWeights(vilt, tensors), message);
        assert.deepEqual(await vilt.parameters.read(), before);
      });
    }
  });
});

describe("Hugging Face's configuration of Vilt", () => {
  it('names every key that this network cannot follow', () => {
    assert.throws(
      () => viltFromHuggingFace({ model_type: 'vilt', hidden_act: 'relu' }, 2),
      /vocab_size: .*; .*hidden_act: .*"gelu"/,
    );
  });
});
