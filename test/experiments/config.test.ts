import assert from 'node:assert/strict';
import {
  differingKeys,
  methods,
  resolveRun,
  type Method,
  type RunOptions,
} from '../../src/experiments/config.js';

const food101 = {
  name: 'food101',
  folder: 'food',
  layout: 'raw',
  vocabulary: 'vocab.txt',
} as const;

const refused = (options: unknown, message: RegExp) => {
  assert.throws(() => resolveRun(options, 'run.yaml'), { message });
};

describe('the configuration of a run', () => {
  /** A method with what it cannot do without. */
  const least = (method: Method): RunOptions => {
    const data = { name: 'emojiPairs' } as const;
    if (method === 'pretraining') return { method, data };
    if (method === 'adaptation')
      return { method, adaptation: { kind: 'scaleShift' }, from: 'other' };
    return method === 'prompts'
      ? { method, data, prompts: { level: 'input' }, from: 'other' }
      : { method };
  };

  it('needs a method only, and prompts their level, and says all the rest', () => {
    for (const method of methods) {
      const run = resolveRun(least(method), 'run.yaml');
      assert.equal(run.label, method);
      const masksNothing = method === 'pretraining' || method === 'pretrained';
      assert.deepEqual(run.masking, masksNothing ? undefined : { kind: 'uniform' });
      assert.equal(run.mmp !== undefined, method === 'mmp');
      const aligned = method === 'mmp' || method === 'linear+align';
      assert.equal(run.loss.alignment !== undefined, aligned);
    }
  });

  it('stays as it is when it is read again', () => {
    for (const method of methods) {
      const run = resolveRun({ ...least(method), budget: { steps: 7 } }, 'run.yaml');
      assert.deepEqual(resolveRun(JSON.parse(JSON.stringify(run)), 'config.json'), run);
    }
  });

  it('takes keys of a part without its name', () => {
    const run = resolveRun(
      {
        method: 'dropout',
        model: { width: 32 },
        schedule: { warmup: 0 },
        data: { labels: 'group' },
      },
      'run.yaml',
    );
    assert.ok(run.model.name === 'smallVilt' && run.model.width === 32);
    assert.equal(run.schedule.kind, 'polynomial');
    assert.equal(run.data.name, 'emoji');
  });

  it('takes the network that reads the data', () => {
    const run = resolveRun({ method: 'dropout', data: { name: 'emojiPairs' } }, 'run.yaml');
    assert.equal(run.model.name, 'vilt');
    const sized = { method: 'dropout', data: { name: 'emojiPairs' }, model: { width: 32 } };
    assert.equal(resolveRun(sized, 'run.yaml').model.name, 'vilt');
    refused(
      { method: 'dropout', data: { name: 'emojiPairs' }, model: { name: 'smallVilt' } },
      /model: the data "emojiPairs" need the network "vilt"/,
    );
  });

  it('predicts a number of clips, and a class of all else', () => {
    const lossOf = (data: RunOptions['data']) => resolveRun({ method: 'mmp', data }, 'a').loss.task;
    assert.equal(lossOf({ name: 'syntheticSentiment' }), 'l1');
    assert.equal(lossOf({ name: 'mosi', file: 'unaligned_50.pkl' }), 'l1');
    assert.equal(lossOf({ name: 'emoji' }), 'crossEntropy');
  });

  it('trains with prompts nothing of the base network but its head', () => {
    assert.equal(resolveRun(least('prompts'), 'run.yaml').freezeBase, 'exceptHead');
    const whole = { ...least('prompts'), freezeBase: false };
    assert.equal(resolveRun(whole, 'run.yaml').freezeBase, false);
    const fromWeights = { ...least('prompts'), model: { weights: 'a.safetensors' } };
    assert.equal(resolveRun(fromWeights, 'run.yaml').freezeBase, 'exceptHead');
  });

  it('names keys that are unknown, at any depth', () => {
    refused({ method: 'mmp', sed: 1 }, /^run\.yaml:\n.*"sed"/);
    refused({ method: 'mmp', budget: { step: 1 } }, /"step"\n.*at budget/);
    refused({ method: 'mmp', data: { name: 'emoji', label: 'group' } }, /"label"\n.*at data/);
  });

  it('names keys of the wrong type, all of them at once', () => {
    const wrong = { method: 'mmp', seed: 'one', budget: { steps: 1.5 }, freezeBase: 1 };
    refused(wrong, /at seed[^]*at freezeBase|at freezeBase[^]*at seed/);
    refused(wrong, /at budget\.steps/);
    refused({ method: 'mpm' }, /"pretrained"\|"dropout"[^]*at method/);
    refused({}, /at method/);
    refused(null, /^run\.yaml:/);
    refused({ method: 'mmp', data: { name: 'imagenet' } }, /at data\.name/);
    refused({ method: 'mmp', optimiser: { betas: [0.9] } }, /at optimiser\.betas/);
    refused({ method: 'mmp', optimiser: { learningRate: -1 } }, /at optimiser\.learningRate/);
    refused({ method: 'mmp', optimiser: { betas: [0.9, 1] } }, /at optimiser\.betas/);
    refused({ method: 'mmp', schedule: { warmup: 1 } }, /at schedule\.warmup/);
  });

  it('names what cannot be together', () => {
    const impossible: [RunOptions, RegExp][] = [
      [{ method: 'dropout', mmp: {} }, /mmp: the method "dropout" has none/],
      [
        { method: 'pretrained', masking: { kind: 'uniform' } },
        /masking: "pretrained" masks nothing/,
      ],
      [{ method: 'linear', loss: { alignment: 1 } }, /loss\.alignment: .*"linear" aligns nothing/],
      [{ method: 'dropout', freezeBase: true, from: 'a' }, /freezeBase: .*nothing but the base/],
      [{ method: 'mmp', freezeBase: true }, /freezeBase: .*name a run in "from"/],
      [
        { method: 'mmp', model: { name: 'smallVilt', heads: 3 } },
        /model\.heads: 3 does not divide/,
      ],
      [
        { method: 'mmp', mmp: { heads: 5 } },
        /mmp\.heads: 5 does not divide the width of tokens, 64/,
      ],
      [
        { method: 'mmp', optimiser: { accumulation: { batches: 2, clipEach: true } } },
        /clipEach: there is no optimiser\.clipping/,
      ],
      [{ method: 'mmp', schedule: { kind: 'plateau' } }, /schedule: .*budget\.validateEvery/],
      [{ method: 'pretraining' }, /"pretraining" is for the data "emojiPairs" and not for "emoji"/],
      [
        { ...least('pretraining'), budget: { validateEvery: 1 } },
        /budget\.validateEvery: pretraining has no task/,
      ],
      [
        { ...least('pretraining'), budget: { batchSize: 1 } },
        /budget\.batchSize: pretraining exchanges pictures within a batch, of 2 at least/,
      ],
      [{ method: 'prompts' }, /prompts: say prompts\.level/],
      [{ method: 'mmp', prompts: { level: 'input' } }, /prompts: the method "mmp" has none/],
      [{ method: 'prompts', prompts: { level: 'input' } }, /prompts: "smallVilt" takes none/],
      [{ ...least('prompts'), from: undefined }, /freezeBase: .*name a run in "from"/],
      [
        { ...least('prompts'), prompts: { level: 'attention', length: 7 } },
        /prompts\.length: .*not 7/,
      ],
      [
        { ...least('prompts'), prompts: { level: 'input', layers: 3 } },
        /prompts\.layers: 3 are more than model\.layers 2/,
      ],
      [{ method: 'mmp', freezeBase: 'exceptHead', from: 'a' }, /"smallVilt" has no head/],
      [{ method: 'mmp', data: { ...food101, shape: 'aspect' } }, /data\.shape: .*"square"/],
      [{ method: 'dropout', masking: { kind: 'table' } }, /masking: .*either shares or a file/],
      [
        {
          method: 'dropout',
          masking: { kind: 'table', file: 'a', shares: [{ missing: ['words'], share: 1 }] },
        },
        /masking: .*either shares or a file/,
      ],
    ];
    const data = { name: 'syntheticSentiment' } as const;
    impossible.push(
      [
        { method: 'mmp', data, loss: { task: 'crossEntropy' } },
        /loss\.task: "crossEntropy" is not for labels that are numbers/,
      ],
      [
        { method: 'mmp', loss: { task: 'l1' } },
        /loss\.task: "l1" is not for labels that are classes, as of "emoji"/,
      ],
      [
        { method: 'mmp', data, model: { name: 'vilt' } },
        /model: .*"syntheticSentiment" need .*"mult" or "tfn" or "lmf"/,
      ],
      [{ method: 'mmp', data, model: { name: 'tfn' } }, /model: "tfn" has one token of a modality/],
      [{ method: 'adaptation', from: 'a' }, /adaptation: say adaptation\.kind/],
      [{ method: 'mmp', adaptation: { kind: 'scaleShift' } }, /adaptation: .*"mmp" has none/],
      [{ ...least('adaptation'), from: undefined }, /freezeBase: .*name a run in "from"/],
      [{ method: 'mmp', budget: { keep: 'best' } }, /budget\.keep: .*say budget\.validateEvery/],
    );
    for (const [options, message] of impossible) refused(options, message);
    refused({ method: 'linear', mmp: {}, loss: { alignment: 1 } }, /mmp: [^]*loss\.alignment: /);
  });

  it('differs from another in keys', () => {
    const one = resolveRun({ method: 'mmp' }, 'one');
    assert.deepEqual(differingKeys(one, one), []);
    const other = resolveRun(
      { method: 'mmp', seed: 2, mmp: { refine: 'aggregated', hidden: 3 }, from: 'dropout-1' },
      'other',
    );
    assert.deepEqual(differingKeys(one, other).sort(), [
      'from',
      'mmp.hidden',
      'mmp.refine',
      'seed',
    ]);
    assert.deepEqual(differingKeys({ a: [1, 2] }, { a: [1, 3] }), ['a.1']);
  });
});
