/** One notebook, executed from top to bottom in a fresh kernel. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  KernelClient,
  kernelNames,
  type ExecuteReply,
  type KernelName,
  type KernelOptions,
} from './client.js';
import { complaintOf, firstLine, type Failure } from './failure.js';
import type { CodeCell, Notebook } from './format.js';
import { CellOutputs, outputLimit } from './outputs.js';

export interface NotebookResult {
  /** The notebook with counts and outputs of the cells that ran */
  readonly notebook: Notebook;
  /** Absent when every cell did what it should */
  readonly failure?: Failure;
  readonly seconds: number;
}

export interface RunOptions extends KernelOptions {
  /** The longest that one cell may take */
  readonly cellSeconds: number;
  /** Told before each code cell: its number from 1, and how many there are. */
  readonly onCell?: (cell: number, cells: number) => void;
}

/** A cell whose metadata have this tag must fail, and the run goes on: so nbclient has it. */
const raisesTag = 'raises-exception';

/** What nobody awaited may fail, or be displayed, some moments after its cell. */
const lateMilliseconds = 300;

/** How long a cell that is interrupted may take to stop, before its kernel is stopped. */
const interruptMilliseconds = 2000;

/** What a timer can wait for; beyond it, it would not wait at all. */
const longestTimer = 2 ** 31 - 1;

/** After a failed cell stock tslab refuses all others for a moment. */
const refusalMilliseconds = 100;

interface RunningCell {
  readonly number: number;
  readonly cell: CodeCell;
  readonly outputs: CellOutputs;
  /** A call of it that must have left an output */
  readonly expected: string | undefined;
  readonly mustRaise: boolean;
}

/**
 * Executes the code cells in order, each until the kernel is idle, and stops at the first that fails. A
 * cell fails when the kernel says so or publishes an error, when it writes to stderr, when it takes too long
 * or writes too much, when what it displays does not arrive, when its execution count is not its number, and
 * when it is tagged to raise an exception and raises none.
 */
export async function runNotebook(source: Notebook, options: RunOptions): Promise<NotebookResult> {
  const start = Date.now();
  const notebook = structuredClone(source);
  const cells = await runningCells(notebook);
  let failure: Failure | undefined;
  let kernel: KernelClient | undefined;
  try {
    kernel = await KernelClient.start({ ...options, kernel: options.kernel ?? kernelOf(source) });
    failure = await runCells(kernel, cells, options);
  } catch (error) {
    failure = { reason: (error as Error).message };
  } finally {
    await kernel?.stop();
  }
  for (const { cell, outputs } of cells) cell.outputs = outputs.list;
  const seconds = (Date.now() - start) / 1000;
  return failure ? { notebook, failure, seconds } : { notebook, seconds };
}

/**
 * The kernel that a notebook names.
 *
 * @throws Error when it is none of this project's
 */
function kernelOf({ metadata }: Notebook): KernelName {
  const { name } = metadata.kernelspec;
  const known = kernelNames.find((one) => one === name);
  if (known === undefined) {
    throw new Error(`its kernel is "${name}"; this project has ${kernelNames.join(' and ')}`);
  }
  return known;
}

/** The code cells, with the outputs of earlier runs taken out. */
async function runningCells(notebook: Notebook): Promise<RunningCell[]> {
  // Loaded here, because most commands need not wait for a compiler.
  const { expectedOutputs } = await import('./expected.js');
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === 'code');
  const expected = expectedOutputs(cells.map(({ source }) => source));
  return cells.map((cell, index) => {
    Object.assign(cell, { outputs: [], execution_count: null });
    const { tags } = cell.metadata;
    return {
      number: index + 1,
      cell,
      outputs: new CellOutputs(),
      expected: expected[index],
      mustRaise: Array.isArray(tags) && tags.includes(raisesTag),
    };
  });
}

async function runCells(
  kernel: KernelClient,
  cells: readonly RunningCell[],
  options: RunOptions,
): Promise<Failure | undefined> {
  for (const running of cells) {
    const { number } = running;
    options.onCell?.(number, cells.length);
    const reason = await runCell(kernel, cells, running, options.cellSeconds);
    // What an earlier cell has left behind may fail in this one's time, and make its answer an error.
    const earlier = firstComplaint(cells.slice(0, number - 1));
    if (earlier) return earlier;
    if (reason !== undefined) return { cell: number, reason };
  }
  await sleep(lateMilliseconds);
  const late = firstComplaint(cells);
  return late ?? (kernel.death && { cell: cells.length, reason: kernel.death.message });
}

/** @returns why the cell failed, or undefined */
async function runCell(
  kernel: KernelClient,
  cells: readonly RunningCell[],
  running: RunningCell,
  cellSeconds: number,
): Promise<string | undefined> {
  const { cell, outputs, number, mustRaise } = running;
  const ended = new AbortController();
  const limit = Math.min(1000 * cellSeconds, longestTimer);
  const tooLong = sleep(limit, undefined, { signal: ended.signal }).then(
    () => `it took longer than ${cellSeconds} s: ${firstLine(cell.source)}`,
  );
  const tooMuch = outputs.tooMuch.then(() => `it wrote more than ${outputLimit / 1e6} MB`);
  const execution = execute(kernel, cells, running);
  const reply = await Promise.race([execution, tooLong, tooMuch]).catch(
    (error: unknown) => (error as Error).message,
  );
  ended.abort();
  tooLong.catch(() => undefined);
  if (typeof reply === 'string') {
    await letStop(kernel, execution);
    return reply;
  }

  cell.execution_count = reply.executionCount;
  const complaint = complaintOf(outputs.list);
  if (!mustRaise && reply.status !== 'ok') {
    return complaint ?? `the kernel answered "${reply.status}"`;
  }
  if (reply.executionCount !== number) {
    return `its execution count is ${reply.executionCount}, expected ${number}`;
  }
  if (mustRaise) {
    return reply.status === 'error' ? undefined : `it is tagged ${raisesTag}, but raised none`;
  }
  return complaint ?? (await missingOutput(running));
}

/** Executes a cell; an update of a display belongs to the cell that has it. */
async function execute(
  kernel: KernelClient,
  cells: readonly RunningCell[],
  running: RunningCell,
): Promise<ExecuteReply> {
  const reply = await kernel.execute(running.cell.source, (output) => {
    if (!output.update) running.outputs.add(output);
    else for (const { outputs } of cells) outputs.update(output);
  });
  // `aborted` by the protocol, `abort` by tslab: it has not run
  if (!reply.status.startsWith('abort')) return reply;
  await sleep(refusalMilliseconds);
  return execute(kernel, cells, running);
}

/** Interrupts a cell and gives it time to say where it was. */
async function letStop(kernel: KernelClient, execution: Promise<unknown>): Promise<void> {
  const stopped = execution.catch(() => undefined);
  await kernel.interrupt();
  await Promise.race([stopped, sleep(interruptMilliseconds, undefined, { ref: false })]);
}

async function missingOutput({ expected, outputs }: RunningCell): Promise<string | undefined> {
  if (expected === undefined || !outputs.isEmpty()) return undefined;
  await sleep(lateMilliseconds);
  return outputs.isEmpty() ? `it calls ${expected}, but no output arrived` : undefined;
}

/** What the first of these cells complains of, unless it has to. */
function firstComplaint(cells: readonly RunningCell[]): Failure | undefined {
  for (const { number, outputs, mustRaise } of cells) {
    const reason = mustRaise ? undefined : complaintOf(outputs.list);
    if (reason !== undefined) return { cell: number, reason };
  }
  return undefined;
}
