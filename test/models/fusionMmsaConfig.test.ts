/** Configurations of MMSA as those of TFN and LMF. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { lmfFromMmsa, tfnFromMmsa } from '../../src/models/fusionMmsaConfig.js';
import { lmfMosi } from '../../src/models/lmf.js';
import { tfnMosi } from '../../src/models/tfn.js';
import { lmfConfig, lmfFixture, tfnConfig, tfnFixture } from '../support/fusion.js';

/** What MMSA's file of configurations has for CMU-MOSI */
const mosi = { feature_dims: [768, 5, 20], train_mode: 'regression', num_classes: 3 };
const tfn = {
  ...mosi,
  ...{ hidden_dims: [128, 32, 128], text_out: 32, post_fusion_dim: 64 },
  dropouts: [0.3, 0.3, 0.3, 0.5],
};
const lmf = { ...mosi, hidden_dims: [128, 16, 128], dropouts: [0.3, 0.3, 0.3, 0.3], rank: 3 };

describe("MMSA's configurations of Tfn and Lmf", () => {
  it('are ours for CMU-MOSI', () => {
    assert.deepEqual(tfnFromMmsa(tfn), tfnMosi);
    assert.deepEqual(lmfFromMmsa(lmf), lmfMosi);
  });

  it('are those of the fixtures, with dropout in the order of audio, vision, text', () => {
    const json = (folder: string): unknown =>
      JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'));
    const dropping = {
      audio: { ...tfnConfig.audio, dropout: 0.1 },
      vision: { ...tfnConfig.vision, dropout: 0.2 },
    };
    const fused = { width: 6, dropout: 0.4 };
    assert.deepEqual(tfnFromMmsa(json(tfnFixture.folder)), { ...tfnConfig, ...dropping, fused });
    assert.deepEqual(lmfFromMmsa(json(lmfFixture.folder)), { ...lmfConfig, ...dropping });
  });

  it('name every key that is absent or wrong', () => {
    assert.throws(
      () => tfnFromMmsa({ ...tfn, text_out: undefined, dropouts: [0.3, 0.3, 0.3, 1] }),
      /dropouts.*; text_out: /,
    );
    assert.throws(() => lmfFromMmsa({ ...lmf, rank: 0 }), /rank: /);
  });
});
