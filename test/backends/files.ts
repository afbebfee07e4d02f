/** Which test files run on which backend: decided here alone. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { backendNames, type BackendRequest } from '../../src/tensor/backend.js';

/** What computes with tensors lies in these folders, so a new test in them runs on every backend. */
const folders = ['tensor', 'mmp', 'models', 'baselines', 'training', 'evaluation', 'experiments'];

/**
 * Files in these folders that say nothing of a backend, because they compute without tensors or in processes of
 * their own, and experiments that take many minutes where experiments/training and experiments/state take seconds.
 */
const leftOut = [
  'tensor/random',
  'tensor/shapes',
  'tensor/native',
  'mmp/masking',
  'training/runs',
  'training/lock',
  'training/checkpoint',
  'training/findRuns',
  'training/log',
  'training/best',
  'experiments/config',
  'experiments/configFile',
  'experiments/segmentation',
  'experiments/sentiment',
  'experiments/trainRun',
  'experiments/evaluate',
  'experiments/food101',
  'evaluation/bootstrap',
  'evaluation/evaluationReport',
  'evaluation/missingTables',
  'evaluation/segmentationMetrics',
  'evaluation/sentimentMetrics',
  'evaluation/taskMetrics',
  'evaluation/food101Tables',
  'experiments/runs/commands',
  'experiments/runs/compare',
  'experiments/runs/fileName',
  'experiments/runs/list',
  'experiments/runs/plot',
].map((name) => path.normalize(`${name}.test.js`));

const compiled = path.join(__dirname, '..');

/**
 * The test files for a backend. Those in a folder named after a backend, such as tensor/wasm with the
 * kernels that only it has, are for that one alone.
 */
export function filesFor(request: BackendRequest): string[] {
  const own = request === 'cuda' ? 'tensorflow' : request;
  const others = backendNames.filter((name) => name !== own);
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(compiled, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        path.join(folder, name),
      ),
    )
    .filter((name) => name.endsWith('.test.js') && !leftOut.includes(name))
    .filter(
      (name) =>
        !path
          .dirname(name)
          .split(path.sep)
          .some((part) => others.includes(part as never)),
    )
    .sort()
    .map((name) => path.join(compiled, name));
}
