/** Sweeps of tiny runs, and what tests see of them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SweepReport } from '../../src/sweep/ledger.js';

/** Options of runs that take a second; the longer ones are there to be killed half-way. */
export const tiny = {
  model: { name: 'smallVilt', width: 16, heads: 2, layers: 1 },
  budget: { steps: 12, batchSize: 8, checkpointEvery: 4 },
  backend: 'wasm',
} as const;

export const long = { ...tiny, budget: { ...tiny.budget, steps: 150 } };

/** A report that keeps what it is told, as lines. */
export function keptReport(): SweepReport & { readonly lines: string[] } {
  const lines: string[] = [];
  const last = (name: string) => path.posix.basename(name);
  return {
    lines,
    began: ({ name }) => lines.push(`${last(name)} began`),
    progress: () => undefined,
    wentBack: ({ name }) => lines.push(`${last(name)} went back`),
    ended: ({ name }, state, reason) =>
      lines.push(`${last(name)} ${state}${reason === undefined ? '' : `: ${reason}`}`),
    note: (text) => lines.push(text),
    close: () => undefined,
  };
}

/** Waits until something is so. */
export async function until(what: string, isSo: () => boolean, seconds = 20): Promise<void> {
  const start = Date.now();
  while (!isSo()) {
    assert.ok(Date.now() - start < 1000 * seconds, `after ${seconds} s not yet: ${what}`);
    await sleep(10);
  }
}

/** The steps in the log of a run, in the order of its lines. */
export function loggedSteps(folder: string): number[] {
  const log = path.join(folder, 'log.jsonl');
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { step: number }).step);
}

/** Waits until a run is half-way, and says which process trains it. */
export async function halfWay(folder: string): Promise<number> {
  await until(`${folder} trains`, () => loggedSteps(folder).length >= 20);
  const owner = JSON.parse(readFileSync(path.join(folder, 'lock.json'), 'utf8')) as {
    process: number;
  };
  assert.ok(!existsSync(path.join(folder, 'results.json')), 'the run was over too soon');
  return owner.process;
}

/** Asserts that runs below two folders are the same to the last bit. */
export function assertSameRuns(names: readonly string[], actual: string, expected: string): void {
  assert.ok(names.length > 0);
  for (const name of names) {
    for (const file of ['parameters.safetensors', 'results.json', 'log.jsonl']) {
      const [one, other] = [actual, expected].map((runs) =>
        readFileSync(path.join(runs, name, file)),
      );
      assert.ok(one!.equals(other!), `${file} of ${name} differs`);
    }
  }
}

/** Whether a process is there. */
export function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch {
    return false;
  }
}
