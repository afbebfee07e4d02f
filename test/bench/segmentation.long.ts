/** The training step of segmentation, in the benchmark's PyTorch. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CmnextSizes } from '../../src/bench/cmnext.js';
import { EngineProcess } from '../../src/bench/engineProcess.js';
import { torchCommand } from '../../src/bench/engines.js';
import { segmentationTask } from '../../src/bench/segmentationTasks.js';
import {
  defaultOptimiser,
  storeTask,
  taskFiles,
  type PreparedTask,
  type Task,
} from '../../src/bench/task.js';
import { ignoredLabel } from '../../src/data/dataset.js';
import { projectRoot } from '../../src/files/paths.js';
import {
  readSafetensors,
  writeSafetensors,
  type StoredTensor,
} from '../../src/files/safetensors.js';
import { Mmp } from '../../src/mmp/mmp.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { torchOrSkip } from '../support/torch.js';

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'cmnext');
const fixture = (name: string) => readSafetensors(path.join(fixtures, name)).tensors;

const sizes = JSON.parse(
  readFileSync(path.join(fixtures, 'training.config.json'), 'utf8'),
) as CmnextSizes & Readonly<Record<'batch' | 'height' | 'width', number>>;

/** The weights of the fixture that a network of two modalities has */
const weights = new Map(
  [...fixture('model.safetensors')].filter(([name]) => !/ln_1|score_|num_batches/.test(name)),
);

/** The fixture's picture of a modality, by its formula, with the colours last */
function picture(modality: number): StoredTensor {
  const { batch, height, width } = sizes;
  const values = new Float32Array(batch * height * width * 3);
  const pixels = height * width;
  for (let i = 0; i < values.length; i++) {
    const [image, colour, pixel] = [
      Math.floor(i / (3 * pixels)),
      Math.floor(i / pixels) % 3,
      i % pixels,
    ];
    values[(image * pixels + pixel) * 3 + colour] = Math.cos((0.3 + 0.4 * modality) * i ** 2);
  }
  return { shape: [batch, height, width, 3], values };
}

function labels(): StoredTensor {
  const { batch, height, width } = sizes;
  const values = Int32Array.from({ length: batch * height * width }, (_, i) => i ** 2 % 7);
  return {
    shape: [batch, height, width],
    values: values.map((each) => (each === 4 ? ignoredLabel : each)),
  };
}

describe('segmentation in the benchmark', () => {
  let folder: string | undefined;
  let engine: EngineProcess | undefined;
  before(async function () {
    ({ engine } = await EngineProcess.start(torchCommand(torchOrSkip(this), 1)));
    folder = makeFolder();
  });
  after(async () => {
    await engine?.close();
    if (folder) removeFolder(folder);
  });

  it('PyTorch trains as the fixture says', async () => {
    const task: Task = {
      name: 'fixture',
      title: 'fixture',
      objective: 'segmentation',
      masked: [],
      mmp: null,
      base: null,
      cmnext: sizes,
      alignmentWeight: 1,
      optimiser: defaultOptimiser,
    };
    const inputs = new Map([
      ...sizes.modalities.map((name, modality) => [name, picture(modality)] as const),
      ['labels', labels()] as const,
    ]);
    const losses = await torchLosses({ task, inputs }, 7);
    const expected = fixture('training.safetensors').get('losses')!.values;
    losses.forEach((loss, step) => {
      assert.ok(Math.abs(loss / expected[step]! - 1) < 1e-5, `step ${step}: ${loss}`);
    });
  });

  it('PyTorch trains with MMP, and without it on blank pictures', async () => {
    const first = [];
    for (const heads of [3, null]) {
      const losses = await torchLosses(tiny(heads), 5);
      assert.ok(losses[4]! < losses[0]!, `training lowers the loss: ${losses.join(', ')}`);
      first.push(losses[0]!);
    }
    assert.ok(first[0]! > first[1]! + 0.01, 'with MMP there is the alignment loss besides');
  });

  /** A task of the fixture's network */
  function tiny(mmpHeads: number | null): PreparedTask {
    return segmentationTask('tiny', 'tiny', { batch: 2, size: 32, cmnext: sizes, mmpHeads });
  }

  async function torchLosses(prepared: PreparedTask, steps: number) {
    storeTask(folder!, prepared);
    writeSafetensors(path.join(folder!, taskFiles.base), weights);
    if (prepared.task.mmp) {
      const { parameters } = new Mmp(prepared.task.mmp, 1);
      writeSafetensors(path.join(folder!, taskFiles.mmp), await parameters.read());
      parameters.dispose();
    }
    assert.ok((await engine!.prepare(folder!)).queues);
    return (await engine!.queue(steps)).values;
  }
});
