/** The training step of segmentation in the benchmark, by PyTorch and by TF.js. */
import assert from 'node:assert/strict';
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
import { loadTask } from '../../src/bench/tfjsTask.js';
import { writeSafetensors } from '../../src/files/safetensors.js';
import { Mmp } from '../../src/mmp/mmp.js';
import {
  cmnextCase,
  labelsOf,
  picturesOf,
  weightsFor,
  type CmnextCase,
} from '../support/cmnextCases.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { torchOrSkip } from '../support/torch.js';

const golden = cmnextCase('training');
const sizes = golden.config as CmnextCase['config'] & CmnextSizes;
const weights = weightsFor(sizes.modalities.length);

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
    const inputs = new Map([...picturesOf(golden), ['labels', labelsOf(golden)] as const]);
    const losses = await torchLosses({ task, inputs }, 7);
    const expected = golden.tensors.get('losses')!.values;
    losses.forEach((loss, step) => {
      assert.ok(Math.abs(loss / expected[step]! - 1) < 1e-5, `step ${step}: ${loss}`);
    });
  });

  it('TF.js trains as PyTorch does with MMP, and without it on blank pictures', async () => {
    const first = [];
    for (const heads of [3, null]) {
      const losses = await torchLosses(tiny(heads), 5);
      assert.ok(losses[4]! < losses[0]!, `training lowers the loss: ${losses.join(', ')}`);
      const own = await loadTask(folder!).queue!(5);
      own.forEach((loss, step) => {
        // Adam makes whole steps of what rounding leaves of gradients that should be 0, as MMP's refinement has at first.
        const limit = step === 0 ? 1e-5 : 1e-3;
        assert.ok(
          Math.abs(loss / losses[step]! - 1) < limit,
          `step ${step}: ${loss} and not ${losses[step]}`,
        );
      });
      first.push(losses[0]!);
    }
    assert.ok(first[0]! > first[1]! + 0.01, 'with MMP there is the alignment loss besides');
  });

  /** A task of the fixture's network */
  function tiny(mmpHeads: number | null): PreparedTask {
    // Of images of 32 × 32 the last stage has one cell: batch normalisation of two values is one sign or the other.
    return segmentationTask('tiny', 'tiny', { batch: 2, size: 64, cmnext: sizes, mmpHeads });
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
