import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nearestRows } from '../../src/evaluation/networks/nearest.js';
import { limits, verify, worstOf, type Outcome } from '../../src/evaluation/verify.js';
import { outcomeText } from '../../src/evaluation/verifyReport.js';
import { projectRoot } from '../../src/files/paths.js';
import {
  readSafetensors,
  writeSafetensors,
  type StoredTensor,
} from '../../src/files/safetensors.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { lmfFixture, tfnFixture } from '../support/fusion.js';
import { assertSteady } from '../support/leaks.js';
import { skip } from '../support/skip.js';
import { multFolder } from '../support/mult.js';
import { viltFolder } from '../support/vilt.js';

/** Golden cases outside the repository: another ViLT, whose pictures fill their batch, MMSA's MulT, and CMNeXts. */
const shared = (network: string) =>
  path.join(process.env.MMP_SHARED ?? path.join(projectRoot, '..', 'shared'), 'golden', network);

async function outcomesOf(...places: string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of verify(places)) outcomes.push(outcome);
  return outcomes;
}

describe('verification of base networks', () => {
  let parent: string;
  let count = 0;
  let limit: number;
  before(() => {
    parent = makeFolder();
    limit = limits[describeBackend().name];
  });
  after(() => {
    removeFolder(parent);
  });
  /** A copy of a fixture in a new folder. */
  const copy = (of = viltFolder) => {
    const folder = path.join(parent, `copy-${count++}`);
    cpSync(of, folder, { recursive: true });
    return folder;
  };
  const edit = (
    folder: string,
    file: 'model' | 'case',
    change: (tensors: Map<string, StoredTensor>) => void,
  ) => {
    const place = path.join(folder, `${file}.safetensors`);
    const { tensors } = readSafetensors(place);
    change(tensors);
    writeSafetensors(place, tensors);
  };
  const assertPasses = ([outcome, ...others]: Outcome[], about: string, names: string[]) => {
    assert.equal(others.length, 0);
    assert.ok(outcome && worstOf(outcome) <= limit, outcome && outcomeText(outcome, limit));
    assert.ok(!('failure' in outcome));
    assert.equal(outcome.about, about);
    assert.deepEqual(
      outcome.comparisons.map(({ name }) => name),
      names,
    );
  };
  const ofVilt = [
    ...['embedding_output', 'last_hidden_state'].flatMap((name) =>
      ['text', 'class', 'patches'].map((part) => `${name}.${part}`),
    ),
    'pooler_output',
  ];
  const ofCmnext = [...[0, 1, 2, 3].map((stage) => `feature_${stage}`), 'logits'];
  const ofMmsa = ['Feature_t', 'Feature_a', 'Feature_v', 'Feature_f', 'M'];

  it('passes on ViLT, with pictures of many sizes', async () => {
    assertPasses(await outcomesOf(viltFolder), 'ViLT', ofVilt);
  });

  it('passes on MulT', async () => {
    assertPasses(await outcomesOf(multFolder), 'MulT', ofMmsa);
  });

  it('passes on TFN and on LMF', async () => {
    assertPasses(await outcomesOf(tfnFixture.folder), 'TFN', ofMmsa);
    assertPasses(await outcomesOf(lmfFixture.folder), 'LMF', ofMmsa);
  });

  for (const [network, about, names] of [
    ['vilt', 'ViLT', ofVilt],
    ['mult', 'MulT', ofMmsa],
    ['cmnext2', 'CMNeXt', ofCmnext],
    ['cmnext4', 'CMNeXt', ofCmnext],
  ] as const) {
    it(`passes on ${network} of the shared folder`, async function () {
      const folder = shared(network);
      if (!existsSync(folder)) skip(this, `${folder} is absent`);
      assertPasses(await outcomesOf(folder), about, [...names]);
    });
  }

  for (const [name, first, of] of [
    ['text_embeddings.position_embeddings.weight', 'embedding_output.text', viltFolder],
    ['cls_token', 'embedding_output.class', viltFolder],
    ['patch_embeddings.projection.weight', 'embedding_output.patches', viltFolder],
    ['0.intermediate.dense.weight', 'last_hidden_state.text', viltFolder],
    ['pooler.dense.weight', 'pooler_output', viltFolder],
    ['proj_l.weight', 'Feature_t', multFolder],
    ['trans_a_with_v.layers.0.self_attn.in_proj_weight', 'Feature_a', multFolder],
    ['trans_v_mem.layers.2.fc2.bias', 'Feature_v', multFolder],
    ['out_layer.weight', 'M', multFolder],
    ['text_subnet.linear_1.weight', 'Feature_t', tfnFixture.folder],
    ['post_fusion_layer_1.bias', 'M', tfnFixture.folder],
    ['video_factor', 'Feature_f', lmfFixture.folder],
  ] as const) {
    it(`notices a wrong value in ${name}`, async () => {
      const folder = copy(of);
      edit(folder, 'model', (tensors) => {
        const [, weight] = [...tensors].find(([each]) => each.endsWith(name))!;
        weight.values[2]! += 0.5;
      });
      const [outcome] = await outcomesOf(folder);
      assert.ok(outcome && !('failure' in outcome));
      const wrong = outcome.comparisons.filter(({ error }) => error > limit);
      assert.equal(wrong[0]?.name, first);
      assert.match(outcomeText(outcome, limit), new RegExp(`^  ${first} .*FAIL`, 'm'));
    });
  }

  it('notices two patches that are one', async () => {
    const folder = copy();
    edit(folder, 'case', (tensors) => {
      const { values } = tensors.get('last_hidden_state')!;
      values.copyWithin(16 * 9, 16 * 8, 16 * 9);
    });
    const [outcome] = await outcomesOf(folder);
    assert.ok(outcome && !('failure' in outcome));
    const wrong = outcome.comparisons.filter(({ error }) => error > limit);
    assert.deepEqual(
      wrong.map(({ name }) => name),
      ['last_hidden_state.patches'],
    );
  });

  it('fails where the network makes something that is not finite', async () => {
    const folder = copy();
    edit(folder, 'model', (tensors) => {
      tensors.get('vilt.encoder.layer.0.intermediate.dense.weight')!.values.fill(3e38);
    });
    assert.equal(worstOf((await outcomesOf(folder))[0]!), Infinity);
  });

  it('keeps no tensor, whatever comes of a case', async () => {
    const folder = copy();
    edit(folder, 'case', (tensors) => tensors.delete('pooler_output'));
    const other = copy();
    edit(other, 'model', (tensors) => tensors.delete('vilt.layernorm.bias'));
    const mult = copy(multFolder);
    edit(mult, 'case', (tensors) => tensors.delete('M'));
    await assertSteady(() => outcomesOf(viltFolder, folder, other, multFolder, mult));
  });

  describe('refuses', () => {
    const configure = (changes: object) => (folder: string) => {
      const file = path.join(folder, 'config.json');
      const config = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(file, JSON.stringify({ ...config, ...changes }));
    };
    const tensorsOf =
      (file: 'model' | 'case', change: (tensors: Map<string, StoredTensor>) => void) =>
      (folder: string) => {
        edit(folder, file, change);
      };
    const reshape = (name: string, shape: number[]) => (tensors: Map<string, StoredTensor>) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
      tensors.set(name, { shape, values });
    };
    const damages: [string, (folder: string) => void, RegExp][] = [
      ...['config.json', 'model.safetensors', 'case.safetensors'].map(
        (file): [string, (folder: string) => void, RegExp] => [
          `a folder without ${file}`,
          (folder) => {
            rmSync(path.join(folder, file));
          },
          new RegExp(`is incomplete: no .*${file}$`),
        ],
      ),
      ...['model', 'case'].map((name): [string, (folder: string) => void, RegExp] => [
        `a truncated ${name}`,
        (folder) => {
          const file = path.join(folder, `${name}.safetensors`);
          writeFileSync(file, readFileSync(file).subarray(0, -5));
        },
        new RegExp(`${name}\\.safetensors is not a whole safetensors file: truncated`),
      ]),
      [
        'a configuration that is not JSON',
        (folder) => {
          writeFileSync(path.join(folder, 'config.json'), '{"model_type": ');
        },
        /config\.json: .*JSON/,
      ],
      [
        'another network',
        configure({ model_type: 'bert' }),
        /config\.json: of no network that is known \(ViLT, MulT, TFN, LMF, CMNeXt\)/,
      ],
      [
        'what ViLT is not',
        configure({ qkv_bias: false, patch_size: '4' }),
        /config\.json: patch_size: .*number.*; qkv_bias: .*true/,
      ],
      [
        'sizes that do not go together',
        configure({ patch_size: 5 }),
        /config\.json: Vilt: patch 5 does not divide imageSize 12/,
      ],
      [
        'weights of another size',
        configure({ vocab_size: 24 }),
        /model\.safetensors: loadViltWeights: "vilt\.\S+word_embeddings\.weight" must be \[24, 16\], got \[23, 16\]/,
      ],
      [
        'a case without an output',
        tensorsOf('case', (tensors) => tensors.delete('pooler_output')),
        /case\.safetensors: the case: missing pooler_output; unknown none/,
      ],
      [
        'an input of another shape',
        tensorsOf('case', reshape('pixel_mask', [3, 16, 16])),
        /case\.safetensors: the case: pixel_mask must be \[B=3, H=16, W=20\], got \[3, 16, 16\]/,
      ],
      [
        'as many tokens as no picture has',
        tensorsOf('case', (tensors) => {
          reshape('embedding_output', [3, 19, 16])(tensors);
          reshape('last_hidden_state', [3, 19, 16])(tensors);
        }),
        /case\.safetensors: 19 tokens, expected 7 words, a class token and 10 patches/,
      ],
      [
        'a text longer than there are positions',
        tensorsOf('case', (tensors) => {
          const ids = { shape: [3, 10], values: new Int32Array(30) };
          tensors.set('input_ids', ids).set('attention_mask', ids);
          reshape('embedding_output', [3, 21, 16])(tensors);
          reshape('last_hidden_state', [3, 21, 16])(tensors);
        }),
        /case\.safetensors: Vilt\.embed: text has 10 words, more than the 9 positions/,
      ],
      [
        'outputs that are not finite',
        tensorsOf('case', (tensors) => {
          tensors.get('pooler_output')!.values[4] = NaN;
        }),
        /case\.safetensors: "pooler_output" holds NaN at index 4/,
      ],
    ];
    const damagesOfMult: typeof damages = [
      [
        'what MulT is not',
        configure({ use_bert: true, nlevels: 'four' }),
        /config\.json: use_bert: .*false.*; nlevels: .*number/,
      ],
      [
        'a MulT of other weights',
        configure({ nlevels: 2 }),
        /model\.safetensors: loadMultWeights: missing trans_l_with_a\.layers\.1\.\S+, .*; unknown none/,
      ],
      [
        'a MulT without an input',
        tensorsOf('case', (tensors) => tensors.delete('audio')),
        /case\.safetensors: no "audio" of some time steps/,
      ],
      [
        'a MulT without an output',
        tensorsOf('case', (tensors) => tensors.delete('M')),
        /case\.safetensors: the case: missing M; unknown none/,
      ],
      [
        'a MulT with other features',
        tensorsOf('case', reshape('vision', [3, 7, 4])),
        /case\.safetensors: the case: vision must be \[B=3, Tv, Fv=5\], got \[3, 7, 4\]/,
      ],
    ];
    const damagesOfTfn: typeof damagesOfMult = [
      [
        'a TFN without a product of that size',
        tensorsOf('case', reshape('Feature_f', [4, 4, 12])),
        /case\.safetensors: the case: Feature_f must be \[B=4, 48\], got \[4, 4, 12\]/,
      ],
    ];
    const all = [
      ...damages.map((each) => [viltFolder, ...each] as const),
      ...damagesOfMult.map((each) => [multFolder, ...each] as const),
      ...damagesOfTfn.map((each) => [tfnFixture.folder, ...each] as const),
    ];
    for (const [of, what, damage, message] of all) {
      it(`${what}, and goes on`, async () => {
        const folder = copy(of);
        damage(folder);
        const [refused, other] = await outcomesOf(folder, viltFolder);
        assert.ok('failure' in refused!);
        assert.match(refused.failure, message);
        assert.ok(refused.failure.includes(folder));
        assert.ok(!refused.failure.includes('\n'));
        assert.ok(worstOf(other!) <= limit);
      });
    }
  });

  it('is a command', () => {
    const { status, stdout } = spawnSync(
      process.execPath,
      [path.join(projectRoot, 'dist', 'src', 'cli.js'), 'verify', viltFolder, '--backend', 'cpu'],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0);
    assert.match(stdout, /vilt: ViLT\n {2}tensor .*\n {2}embedding_output\.text/);
    assert.match(stdout, /\nverify: PASS worst \d\.\de-\d+ \(limit 1e-5\)\n$/);
  });
});

describe('nearestRows', () => {
  it('takes each row once', () => {
    const rows = [0, 0, 5, 5, 1, 1];
    const others = [9, 9, 5, 4, 0, 1, 6, 6];
    assert.deepEqual(nearestRows(rows, [0, 1, 2], others, [1, 2, 3], 2), [2, 1, 3]);
    assert.deepEqual(nearestRows([NaN, NaN], [0], others, [3], 2), [3]);
  });
});
