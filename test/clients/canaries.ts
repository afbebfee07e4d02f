/**
 * The canaries: notebooks of which every client must say that they fail, each for its own reason, and a good
 * one, because a client that rejects everything proves nothing.
 */
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import type { ClientName } from './clients.js';

/** The clients whose verdicts with tslab's own kernel are known, for comparison. */
export const comparedNames = ['nbclient', 'nbmake'] as const;
export type ComparedName = (typeof comparedNames)[number];

/** What a client said of a notebook. */
export type Verdict = 'accepts' | 'rejects';

/** What a client must have printed, without colours; the notebook's own source may be printed, too. */
type Reason = RegExp | ({ readonly others: RegExp } & Partial<Record<ClientName, RegExp>>);

export interface Canary {
  readonly name: string;
  readonly reason: Reason;
  /** What clients say of it with tslab's own kernel */
  readonly stock: Readonly<Record<ComparedName, Verdict>>;
  /** The longest that a cell may take */
  readonly cellSeconds?: number;
}

const folder = path.join(projectRoot, 'test', 'canaries');

export const fileOf = (name: string) => path.join(folder, `${name}.ipynb`);

/** The longest that a cell of a canary may take that is not about that, on a machine that is busy. */
export const defaultSeconds = 60;

/** What clients say of a cell that does not end. nbval interrupts it, and tells what the kernel says then. */
const tooLong = {
  others: /A cell timed out while it was being executed, after 8 seconds/,
  runner: /it took longer than 8 s/,
  nbval: /Interrupted: the cell was interrupted/,
  'nbval-lax': /Interrupted: the cell was interrupted/,
};

/** tslab's own kernel says in no way that something has failed. */
const hidden = { nbclient: 'accepts', nbmake: 'accepts' } as const;
/** It says in its answer that the cell has failed, which nbclient believes; nbmake waits to be told what. */
const unexplained = { nbclient: 'rejects', nbmake: 'accepts' } as const;
/** It does not answer. */
const unanswered = { nbclient: 'rejects', nbmake: 'rejects' } as const;

export const canaries: readonly Canary[] = [
  { name: 'throw', reason: /^Error: the canary throws/m, stock: unexplained },
  {
    name: 'type-error',
    reason: /CompileError: line 1: Type 'string' is not assignable to type 'number'/,
    stock: unexplained,
  },
  { name: 'rejected-await', reason: /^RangeError: the canary rejects/m, stock: unexplained },
  { name: 'forgotten-await', reason: /^Error: the canary is not awaited/m, stock: hidden },
  {
    name: 'forgotten-await-late',
    reason: {
      others: /LateFailure: cell \[2\] failed after it had ended: Error: the canary fails late/,
      runner: /Error: the canary fails late/,
    },
    stock: hidden,
  },
  { name: 'timeout', reason: tooLong, stock: unanswered, cellSeconds: 8 },
  { name: 'infinite-async-loop', reason: tooLong, stock: unanswered, cellSeconds: 8 },
  { name: 'infinite-sync-loop', reason: tooLong, stock: unanswered, cellSeconds: 8 },
  {
    name: 'empty-output-after-failure',
    reason: /^AssertionError: the canary adds wrongly/m,
    stock: hidden,
  },
  {
    name: 'kernel-crash',
    reason: {
      // nbclient says so first; what it then raises may come from its tidying up.
      others: /Kernel died/,
      runner: /the kernel ended \(SIGKILL\)/,
      // They wait for the answer as long as they may, and find nobody to interrupt then.
      nbval: /Timeout of 8 seconds exceeded while executing cell\. Failed to interrupt kernel/,
      'nbval-lax':
        /Timeout of 8 seconds exceeded while executing cell\. Failed to interrupt kernel/,
    },
    stock: unanswered,
    cellSeconds: 8,
  },
  {
    name: 'process-exit',
    reason: /ExitRefused: process\.exit\(0\) would end the kernel/,
    stock: unanswered,
  },
  { name: 'stderr-free', reason: /^Error: the canary is silent/m, stock: unexplained },
];

/** What a client must have printed of a canary. */
export function reasonFor({ reason }: Canary, client: ClientName): RegExp {
  return reason instanceof RegExp ? reason : (reason[client] ?? reason.others);
}
