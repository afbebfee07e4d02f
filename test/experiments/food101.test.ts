/** Runs on Food-101: the configurations for the real data, on the miniature in both layouts. */
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Food101Dataset } from '../../src/data/food101/food101.js';
import { food101Layouts, type Food101Layout } from '../../src/data/food101/samples.js';
import { readSplits } from '../../src/data/food101/splits.js';
import { readClasses } from '../../src/data/food101/classes.js';
import { drawMissing, missingTable, paperTables } from '../../src/evaluation/missingTables.js';
import { evaluateRun } from '../../src/experiments/evaluateRun.js';
import type { RunConfig } from '../../src/experiments/config.js';
import { planOf, planText } from '../../src/experiments/plan.js';
import {
  newTraining,
  readRunResults,
  trainRun,
  type TrainRunOptions,
} from '../../src/experiments/trainRun.js';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { Vilt } from '../../src/models/vilt/vilt.js';
import { huggingFaceWeights, loadViltWeights } from '../../src/models/vilt/weights.js';
import type { NamedValues } from '../../src/tensor/parameters.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import { readParameters, runState } from '../../src/training/runs.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import {
  configurations,
  miniature,
  miniatureKeys,
  miniatureRun,
  readRun,
  vocabulary,
  withCopy,
} from '../support/food101.js';
import { startMmp } from '../support/mmp.js';
import { assertSameRun } from '../support/runs.js';

/** In an order in which each finds the run that it starts from. */
const names = [
  'pretrained',
  'dropout',
  'dropout-continued',
  'linear',
  'linear-align',
  'mmp',
  'prompts-attention',
  'prompts-input',
];

describe('the configurations for Food-101', () => {
  it('are all read, and see as many samples as 20 epochs have', () => {
    const files = readdirSync(configurations).filter((file) => file.endsWith('.yaml'));
    assert.deepEqual(files.sort(), names.map((name) => `${name}.yaml`).sort());
    for (const name of names) {
      const { budget, optimiser, schedule } = readRun(name);
      const update = budget.batchSize * (optimiser.accumulation?.batches ?? 1);
      const excess = budget.steps * update - 20 * 61142;
      assert.ok(excess >= 0 && excess < update, `${name}: ${excess} samples more`);
      assert.equal(update, name.startsWith('prompts') ? 256 : 16);
      if (schedule.kind !== 'polynomial') continue;
      assert.equal(Math.round(schedule.warmup * budget.steps), 2500);
      assert.deepEqual([schedule.power, schedule.start], [0.9, 0.1]);
    }
    assert.equal(new Set(names.map((name) => readRun(name).label)).size, names.length);
  });
});

describe('a run on Food-101', function () {
  this.timeout(300_000);
  let [runs, weights] = ['', ''];
  before(async () => {
    runs = makeFolder();
    weights = path.join(runs, 'vilt.safetensors');
    // As the published weights: for shorter texts, and without a head for these classes.
    const vilt = newVilt(2, 8);
    const tensors = await huggingFaceWeights(vilt);
    for (const name of tensors.keys()) if (name.startsWith('classifier')) tensors.delete(name);
    writeSafetensors(weights, tensors);
    vilt.parameters.dispose();
  });
  after(() => {
    removeFolder(runs);
  });

  const newVilt = (seed: number, textLength: number) => {
    const sizes = { vocabulary: lineCount(vocabulary), textLength, imageSize: 64, patch: 32 };
    const config = { ...sizes, width: 16, heads: 2, layers: 2, mlpRatio: 2, classes: 4 };
    return new Vilt(config, seed);
  };
  const configOf = (
    name: string,
    others: Record<string, unknown> = {},
    layout: Food101Layout = 'raw',
    folder = miniature[layout],
  ) => {
    const from = readRun(name).from === undefined ? {} : { from: `${layout}/dropout` };
    return miniatureRun(name, { folder, layout, weights }, { ...from, ...others });
  };
  const train = (config: RunConfig, name: string, options: Partial<TrainRunOptions> = {}) =>
    trainRun(config, { runs, name, ...options });
  const folderOf = (name: string) => path.join(runs, name);
  const bytes = (name: string, file: string) => readFileSync(path.join(folderOf(name), file));
  const expectSame = (name: string, other: string) => {
    assertSameRun(folderOf(name), folderOf(other));
  };

  for (const name of names) {
    it(`comes to its end, in both layouts to the same bits, and keeps no tensor: ${name}`, async () => {
      for (const layout of food101Layouts) {
        const before = tf.memory().numTensors;
        await train(configOf(name, {}, layout), `${layout}/${name}`);
        assert.equal(tf.memory().numTensors, before);
        assert.equal(runState(folderOf(`${layout}/${name}`)), 'whole');
      }
      expectSame(`arrow/${name}`, `raw/${name}`);
    });
  }

  it('takes images as they are, where nothing projects', async () => {
    for (const name of ['pretrained', 'dropout', 'prompts-attention', 'prompts-input']) {
      await train(configOf(name, { 'data.shape': 'aspect' }), `aspect/${name}`);
      const [own, square] = ['aspect', 'raw'].map((shape) =>
        bytes(`${shape}/${name}`, 'log.jsonl'),
      );
      assert.ok(!own!.equals(square!));
    }
  });

  it('trains everything of the base network that the weights begin, but with prompts the head alone', async () => {
    const start = newVilt(1, 16);
    loadViltWeights(start, readSafetensors(weights).tensors);
    const before = await start.parameters.read();
    start.parameters.dispose();
    const changed = (after: NamedValues) =>
      [...before.keys()].filter(
        (name) => !Buffer.from(before.get(name)!.values.buffer).equals(bytesOf(after, name)),
      );
    const ofHead = [...before.keys()].filter((name) => /^(pooler|head)\./.test(name));
    assert.equal(ofHead.length, 8);
    for (const name of ['prompts-attention', 'prompts-input']) {
      const { base, prompts } = readParameters(folderOf(`raw/${name}`));
      assert.deepEqual(changed(base!), ofHead);
      assert.deepEqual([...prompts!.keys()], ['complete', 'missing.image', 'missing.text']);
      for (const [of, { shape, values }] of prompts!) {
        assert.deepEqual(shape, [1, 16, 16]);
        // Prompts begin as zeros but for few rows.
        assert.ok(values.filter((value) => value !== 0).length > 200, of);
      }
    }
    for (const name of ['pretrained', 'dropout']) {
      assert.deepEqual(changed(readParameters(folderOf(`raw/${name}`)).base!), [...before.keys()]);
    }
  });

  it('is evaluated by the rows of Table 3', async () => {
    for (const name of ['dropout', 'mmp', 'prompts-input']) {
      const { rows } = await evaluateRun(folderOf(`raw/${name}`), evaluation);
      const table3 = paperTables({ image: ['image'], text: ['text'] }).map((row) => row.name);
      assert.deepEqual(
        rows.filter((row) => 'table' in row).map((row) => row.name),
        table3,
      );
      const scenarios = rows.filter((row) => 'available' in row);
      assert.deepEqual(
        Object.fromEntries(scenarios.map((row) => [row.name, row.metrics.accuracy!.value])),
        readRunResults(folderOf(`raw/${name}`)).test,
      );
      assert.equal(scenarios.length, 3);
    }
  });

  describe('with a missing table of the reference', () => {
    const write = (missing: readonly (readonly string[])[]) => {
      const file = path.join(runs, 'food101_missing_both_07.safetensors');
      const values = Float32Array.from(missing, ([one]) => ['text', 'image'].indexOf(one!) + 1);
      writeSafetensors(file, new Map([['table', { shape: [values.length], values }]]));
      return file;
    };

    it('trains as with shares that draw the same', async () => {
      const { masking } = configOf('prompts-input');
      assert.ok(masking?.kind === 'table');
      const drawn = drawMissing(missingTable(masking.shares!, ['text', 'image']), 11, 1);
      const lacking = (name: string) => drawn.filter((missing) => missing.includes(name)).length;
      assert.deepEqual([lacking('text'), lacking('image')], [4, 3]);
      const file = write(drawn);
      await train(configOf('prompts-input', { masking: { kind: 'table', file } }), 'from-file');
      expectSame('from-file', 'raw/prompts-input');
      // And not as with another one.
      write(drawn.map(() => []));
      await train(configOf('prompts-input', { masking: { kind: 'table', file } }), 'complete');
      assert.ok(!bytes('complete', 'log.jsonl').equals(bytes('from-file', 'log.jsonl')));
    });

    it('is refused where the table is of other samples, before anything is written', async () => {
      const file = write(Array.from({ length: 12 }, () => []));
      const config = configOf('prompts-input', { masking: { kind: 'table', file } });
      const message = /_07\.safetensors: expected one number for each of 11 samples, got \[12\]/;
      await assert.rejects(train(config, 'refused'), message);
      assert.equal(runState(folderOf('refused')), 'absent');
      const missingFiles = [file];
      const evaluating = evaluateRun(folderOf('raw/mmp'), { ...evaluation, missingFiles });
      await assert.rejects(evaluating, /each of 7 samples, got \[12\]/);
    });

    it('is evaluated by it', async () => {
      const missingFiles = [write(Array.from({ length: 7 }, () => ['text']))];
      const { rows } = await evaluateRun(folderOf('raw/mmp'), { ...evaluation, missingFiles });
      const [row] = rows.slice(-1);
      assert.equal(row!.name, 'food101_missing_both_07');
      assert.ok('table' in row!);
      assert.deepEqual(row.table, [{ missing: ['text'], share: 1 }]);
      const image = rows.find((one) => 'available' in one && one.available.join() === 'image');
      assert.deepEqual(row.contributions, image!.contributions);
    });

    it('is evaluated by it, by mmp evaluate', async () => {
      const file = write(Array.from({ length: 4 }, () => ['image']));
      const { said, ended } = startMmp(
        ...['evaluate', 'raw/dropout', 'raw/mmp', '--runs', runs, '--backend', 'wasm'],
        ...['--split', 'validation', '--resamples', '20', '--missing-file', file],
      );
      assert.equal(await ended, 0, said());
      assert.match(said(), /\| food101_missing_both_07 +\| [\d.]+ \[/);
    });
  });

  describe('that was stopped', () => {
    const kinds: [string, Record<string, unknown>][] = [
      ['dropout', { optimiser: { accumulation: { batches: 2 } } }],
      ['mmp', {}],
      ['prompts-input', {}],
    ];
    for (const [name, others] of kinds) {
      it(`goes on to the same bits: ${name}`, async () => {
        const config = configOf(name, { ...others, 'budget.steps': 8 });
        const [whole, stopped] = [`whole/${name}`, `stopped/${name}`];
        await train(config, whole);
        for (const until of [3, 4]) {
          const controller = new AbortController();
          const reason = new Error('stopped by the test');
          const training = train(config, stopped, {
            resume: true,
            signal: controller.signal,
            onProgress: (_, done) => {
              if (done >= until) controller.abort(reason);
            },
          });
          await assert.rejects(training, (error) => error === reason);
        }
        await train(config, stopped, { resume: true });
        expectSame(stopped, whole);
      });
    }
  });

  it('is stopped while it is measured, and goes on to the same bits', async () => {
    const controller = new AbortController();
    const reason = new Error('stopped by the test');
    const training = train(configOf('dropout'), 'measured', {
      signal: controller.signal,
      onProgress: (_, done, total) => {
        if (done === total) controller.abort(reason);
      },
    });
    await assert.rejects(training, (error) => error === reason);
    assert.equal(runState(folderOf('measured')), 'stopped');
    await train(configOf('dropout'), 'measured', { resume: true });
    expectSame('measured', 'raw/dropout');
  });

  it('names an image that becomes damaged, keeps the checkpoint, and goes on when it is mended', async () => {
    await withCopy('raw', async (folder) => {
      const config = configOf('dropout', { 'budget.steps': 10 }, 'raw', folder);
      const before = tf.memory().numTensors;
      const training = train(config, 'damaged', {
        onProgress: (_, done) => {
          if (done === 4) damageTraining(folder);
        },
      });
      await assert.rejects(
        training,
        /_\d+(-2)?\.jpg: expected a whole JPEG picture, got 300 bytes .*; the checkpoint of step [46] is kept in .*damaged; go on with --resume$/s,
      );
      assert.equal(tf.memory().numTensors, before);
      assert.equal(runState(folderOf('damaged')), 'stopped');
      cpSync(miniature.raw, folder, { recursive: true });
      await train(config, 'damaged', { resume: true });
      await train(config, 'undamaged');
      expectSame('damaged', 'undamaged');
    });
  });

  it('drops the images that it fetched and did not use', async () => {
    const training = newTraining(configOf('dropout'), runs);
    const { dataset } = training;
    assert.ok(dataset instanceof Food101Dataset);
    await training.ready(1);
    tf.dispose(training.losses());
    assert.ok(dataset.imagesKept > 0);
    training.dispose();
    while (dataset.imagesKept > 0) await sleep(5);
  });

  describe('by mmp train', () => {
    const mmp = async (folder: string, name: string) => {
      const keys = miniatureKeys('dropout', { folder, layout: 'raw', weights });
      const { said, ended } = startMmp(
        ...['train', path.join(configurations, 'dropout.yaml'), '--runs', runs, '--name', name],
        ...['--backend', describeBackend().name, '--set'],
        ...keys.map(([key, value]) => `${key}=${String(value)}`),
      );
      return { code: await ended, said: said() };
    };

    it('ends by itself, with the same bits', async () => {
      const { code, said } = await mmp(miniature.raw, 'command');
      assert.equal(code, 0, said);
      expectSame('command', 'raw/dropout');
    });

    it('ends by itself when an image is damaged', async () => {
      await withCopy('raw', async (folder) => {
        damageTraining(folder);
        const { code, said } = await mmp(folder, 'failed-command');
        assert.equal(code, 1);
        assert.match(
          said,
          /\.jpg: expected a whole JPEG picture, .*; there is no checkpoint yet; go on/,
        );
      });
    });
  });

  describe('is planned', () => {
    const plan = (others: Record<string, unknown>, folder = miniature.raw) =>
      planOf(configOf('prompts-input', others, 'raw', folder), { runs, name: 'planned' });

    it('with what its files hold and what it costs', async () => {
      const before = tf.memory().numTensors;
      const found = await plan({ 'optimiser.accumulation.batches': 5 });
      assert.equal(tf.memory().numTensors, before);
      assert.equal(runState(folderOf('planned')), 'absent');
      assert.equal(found.epochs, (4 * 5 * 4) / 11);
      assert.ok(found.fetchSeconds! > 0 && found.stepSeconds > 0);
      const text = planText(found);
      assert.match(text, /train 11, validation 4, test 7/);
      assert.match(text, /without a text: 2 \(frozen_yogurt_1\.jpg, frozen_yogurt_4\.jpg\)/);
      assert.match(text, /frozen but for/);
      assert.match(text, /reading +│ [\d.]+ ms a step/);
    });

    it('not without files that it needs: all of them are named, and nothing is allocated', async () => {
      const before = tf.memory().numTensors;
      const refused = (others: Record<string, unknown>, message: RegExp, folder?: string) =>
        assert.rejects(plan(others, folder), { message });
      await refused(
        {
          'data.vocabulary': '/nowhere/vocab.txt',
          'model.weights': '/nowhere/vilt.safetensors',
          masking: { kind: 'table', file: '/nowhere/table.safetensors' },
        },
        /^data\.vocabulary: \/nowhere\/vocab\.txt is not there\nmodel\.weights: .*vilt\.safetensors is not there\nmasking\.file: .*table\.safetensors is not there$/,
      );
      await refused({}, /^data\.folder: \/nowhere\/food is not there$/, '/nowhere/food');
      await withCopy('raw', async (folder) => {
        const tacos = path.join(folder, 'images', 'test', 'tacos');
        rmSync(tacos, { recursive: true });
        await refused({}, /not there: 2 \(\S+tacos_10-2\.jpg, \S+tacos_11\.jpg\)$/, folder);
        rmSync(path.join(folder, 'split.json'));
        await refused({}, /split\.json cannot be read/, folder);
      });
      assert.equal(tf.memory().numTensors, before);
    });
  });
});

const evaluation = { split: 'test', seed: 1, resamples: 20, tables: [] } as const;

const lineCount = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n').length;

const bytesOf = (values: NamedValues, name: string) => Buffer.from(values.get(name)!.values.buffer);

/** Cuts every image of training short. */
function damageTraining(folder: string): void {
  for (const image of readSplits(folder, readClasses(folder)).train) {
    const of = image.replace(/_[\d-]+\.jpg$/, '');
    truncateSync(path.join(folder, 'images', 'train', of, image), 300);
  }
}
