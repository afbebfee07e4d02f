/** Small run folders, made without training. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { resolveRun, type RunConfig, type RunOptions } from '../../src/experiments/config.js';
import { RunFolder } from '../../src/training/runs.js';
import type { TrainingRecord } from '../../src/training/train.js';

export const configOf = (options: RunOptions): RunConfig => resolveRun(options, 'test');

/** Steps whose loss falls from 4 towards 0. */
export const recordsOf = (from: number, to: number): TrainingRecord[] =>
  Array.from({ length: to - from }, (_, index) => {
    const step = from + index;
    return { step, learningRate: 1 / (step + 1), losses: { total: 4 / (step + 1) } };
  });

export interface WrittenRun {
  readonly options?: Partial<RunOptions>;
  readonly records?: readonly TrainingRecord[];
  /** Test accuracy by scenario, with which the run is whole */
  readonly test?: Readonly<Record<string, number>>;
}

/** Writes a run as training it would. */
export function writeRun(runs: string, name: string, run: WrittenRun = {}): RunFolder {
  const { options, records = recordsOf(0, 30), test } = run;
  const written = new RunFolder(path.join(runs, name));
  const config = configOf({ method: 'dropout', budget: { steps: 30 }, ...options });
  written.begin(config, { backend: { name: 'abacus' } });
  written.append(records);
  if (test) written.finish({}, { validation: test, test });
  return written;
}

/** Asserts that two runs came out the same to the last bit. */
export function assertSameRun(one: string, other: string): void {
  for (const file of ['parameters.safetensors', 'results.json', 'log.jsonl', 'validation.jsonl']) {
    const [here, there] = [one, other].map((folder) => readFileSync(path.join(folder, file)));
    assert.ok(here!.equals(there!), `${file} of ${one} and ${other}`);
  }
}

/** The lines of a figure that was drawn as SVG, each as its path, without those of the legend. */
export const drawnLines = (svg: unknown): string[] =>
  [...String(svg).matchAll(/class="js-line"[^>]* d="([^"]*)"/g)]
    .map(([, line]) => line!)
    .filter((line) => line !== 'M5,0h30');
