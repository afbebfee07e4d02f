/** Losses of batches in which every sample lacks modalities of its own, against the batch as a whole. */
import assert from 'node:assert/strict';
import { drawMissing, missingTable } from '../../src/evaluation/missingTables.js';
import { ShuffledBatches } from '../../src/data/dataset.js';
import { labelled } from '../../src/data/labelled.js';
import { resolveRun } from '../../src/experiments/config.js';
import { loadData } from '../../src/experiments/model.js';
import { lossesOfGroups } from '../../src/experiments/objectives.js';
import { Training } from '../../src/experiments/training.js';
import { completeEach } from '../../src/mmp/complete.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { assertClose } from '../support/close.js';
import { asExpected } from '../support/compare.js';

const shares = [
  { missing: ['words'], share: 0.4 },
  { missing: ['openmoji', 'twemoji'], share: 0.3 },
];
const config = resolveRun(
  {
    method: 'mmp',
    data: { name: 'emoji', wordDropout: 0 },
    model: { width: 16, heads: 2, layers: 1 },
    masking: { kind: 'table', shares },
    budget: { batchSize: 12 },
  },
  'test',
);

describe('losses of a batch with a missing table', () => {
  it('are those of the batch as a whole', async () => {
    const training = new Training(config, loadData(config));
    const { dataset, model } = training;
    const { train } = dataset.splits;
    const batches = new ShuffledBatches(train, 12, stream(config.seed, 'mmp/batches'));
    const samples = batches.next().value;
    const table = missingTable(shares, dataset.modalities);
    const drawn = drawMissing(table, train.length, config.seed);
    const missing = samples.map((sample) => drawn[train.indexOf(sample)]!);
    assert.ok(new Set(missing.map(String)).size > 1);

    const tokens = completeEach(
      model.projector!,
      model.base.embed(dataset.inputs(samples)),
      missing,
    );
    const { labels } = labelled(dataset, samples);
    const expected = crossEntropy(model.base.fuse(tokens).logits, labels);
    await assertClose('task', training.losses().task!, await asExpected(expected), 'network');
    training.dispose();
  });

  it('count by samples', async () => {
    const losses = (value: number) => ({ total: tf.scalar(value), task: tf.scalar(2 * value) });
    const { total, task } = lossesOfGroups([
      { losses: losses(1), samples: 3 },
      { losses: losses(5), samples: 1 },
    ]);
    assert.deepEqual([...(await total.data())], [2]);
    assert.deepEqual([...(await task!.data())], [4]);
  });

  it('of modalities that are not there are refused before training', () => {
    const masking = { kind: 'table' as const, shares: [{ missing: ['sound'], share: 0.1 }] };
    const wrong = { ...config, masking };
    const dataset = loadData(wrong);
    assert.throws(() => new Training(wrong, dataset), { message: /unknown modality "sound"/ });
  });
});
