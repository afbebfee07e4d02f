/** What a child process of a pool does: it trains one run at a time, as its parent says through IPC. */
import path from 'node:path';
import type { RunConfig } from '../experiments/config.js';
import { readRunEnvironment, trainRun } from '../experiments/trainRun.js';
import { useBackend, type BackendName } from '../tensor/backend.js';
import { RunIsLocked } from '../training/lock.js';
import { runState } from '../training/runs.js';
import type { RunProgress } from './ledger.js';

/** A run to train. */
export interface Task {
  readonly config: RunConfig;
  /** The folder of all runs, and the run's name below it */
  readonly runs: string;
  readonly name: string;
}

/**
 * What has become of a task:
 * - `whole`: the run is there
 * - `failed`: it would fail again
 * - `locked`: somebody else trains it
 * - `stopped`: as asked, after a checkpoint
 */
export type ChildOutcome =
  | { readonly state: 'whole' | 'stopped' }
  | { readonly state: 'failed' | 'locked'; readonly reason: string };

export type ToChild =
  | { readonly kind: 'train'; readonly task: Task }
  | { readonly kind: 'describe'; readonly backend: string | undefined }
  | { readonly kind: 'stop' };

export type FromChild =
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  | { readonly kind: 'warning'; readonly text: string }
  | { readonly kind: 'backend'; readonly name: BackendName }
  | { readonly kind: 'noBackend'; readonly reason: string }
  | { readonly kind: 'outcome'; readonly outcome: ChildOutcome };

const stopping = new AbortController();
const tell = (message: FromChild) => {
  // That nobody listens any more shows in "disconnect".
  process.send?.(message, undefined, undefined, () => undefined);
};

async function train({ config, runs, name }: Task): Promise<ChildOutcome> {
  try {
    await useBackend(config.backend ?? backendOf(path.join(runs, name)));
    await trainRun(config, {
      runs,
      name,
      resume: true,
      signal: stopping.signal,
      onProgress: (records, done, total) => {
        const loss = records.at(-1)!.losses.total!;
        tell({ kind: 'progress', progress: { done, total, loss } });
      },
      onWarning: (text) => {
        tell({ kind: 'warning', text });
      },
    });
    return { state: 'whole' };
  } catch (error) {
    if (stopping.signal.aborted && error === stopping.signal.reason) return { state: 'stopped' };
    const reason = (error as Error).message;
    return { state: error instanceof RunIsLocked ? 'locked' : 'failed', reason };
  }
}

/** The backend on which a run was begun: numbers must not change half-way. */
function backendOf(folder: string): BackendName | undefined {
  return runState(folder) === 'absent' ? undefined : readRunEnvironment(folder).backend.name;
}

async function describe(backend: string | undefined): Promise<FromChild> {
  try {
    return { kind: 'backend', name: (await useBackend(backend)).name };
  } catch (error) {
    return { kind: 'noBackend', reason: (error as Error).message };
  }
}

async function answer(message: ToChild): Promise<void> {
  switch (message.kind) {
    case 'train':
      tell({ kind: 'outcome', outcome: await train(message.task) });
      break;
    case 'describe':
      tell(await describe(message.backend));
      break;
    case 'stop':
      stopping.abort(new Error('the sweep stops'));
  }
}

let working: Promise<void> | undefined;
process.on('message', (message: ToChild) => {
  const answered = answer(message);
  if (message.kind !== 'stop') working = answered;
});
// The parent is gone, and somebody else may take the run over: save what there is and end.
process.on('disconnect', () => {
  stopping.abort(new Error('the parent process is gone'));
  void Promise.resolve(working).finally(() => process.exit());
});
// A terminal sends Ctrl-C to all processes; what to do about it is the parent's to say.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => undefined);
