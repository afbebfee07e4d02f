/** One notebook, executed from top to bottom in a fresh kernel. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CodeCell, Notebook, Output } from './format.js';
import { KernelClient, type KernelOptions, type KernelOutput } from './client.js';

export interface CellFailure {
  /** The cell's place among the code cells, from 1 */
  readonly cell: number;
  readonly reason: string;
}

export interface NotebookResult {
  /** The notebook with counts and outputs of the cells that ran */
  readonly notebook: Notebook;
  /** Absent when every cell succeeded */
  readonly failure?: CellFailure;
  readonly seconds: number;
}

export interface RunOptions extends KernelOptions {
  /** The longest that one cell may take */
  readonly cellSeconds: number;
  /** Told before each code cell: its number from 1, and how many there are. */
  readonly onCell?: (cell: number, cells: number) => void;
}

/** A rejection that nobody awaited is reported by the kernel some moments later. */
const lateMilliseconds = 300;

/**
 * Executes the code cells in order, each until the kernel is idle, and stops at the first that fails. A
 * cell fails when the kernel says so, when it writes to stderr (type errors, exceptions and unawaited
 * rejections all do), when it takes too long, and when its execution count is not its number.
 */
export async function runNotebook(source: Notebook, options: RunOptions): Promise<NotebookResult> {
  const start = Date.now();
  const notebook = structuredClone(source);
  const cells = notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === 'code');
  for (const cell of cells) Object.assign(cell, { outputs: [], execution_count: null });

  let failure: CellFailure | undefined;
  let kernel: KernelClient | undefined;
  try {
    kernel = await KernelClient.start(options);
    for (const [index, cell] of cells.entries()) {
      options.onCell?.(index + 1, cells.length);
      const reason = await runCell(kernel, cells, index, options.cellSeconds);
      if (reason !== undefined) {
        failure = { cell: index + 1, reason };
        break;
      }
      cell.execution_count = index + 1;
    }
    await sleep(lateMilliseconds);
    failure ??= firstComplaint(cells);
  } catch (error) {
    const running = cells.findIndex((cell) => cell.execution_count === null) + 1;
    failure = { cell: Math.max(1, running), reason: (error as Error).message };
  } finally {
    await kernel?.stop();
  }
  const seconds = (Date.now() - start) / 1000;
  return failure ? { notebook, failure, seconds } : { notebook, seconds };
}

/** @returns why the cell failed, or undefined */
async function runCell(
  kernel: KernelClient,
  cells: readonly CodeCell[],
  index: number,
  cellSeconds: number,
): Promise<string | undefined> {
  const cell = cells[index]!;
  const tooLong = new AbortController();
  const limit = sleep(1000 * cellSeconds, 'too long' as const, { signal: tooLong.signal });
  const execution = kernel.execute(cell.source, (output) => {
    collect(cells, cell, output);
  });
  try {
    const reply = await Promise.race([execution, limit]);
    if (reply === 'too long') return `it took longer than ${cellSeconds} s`;
    if (reply.status !== 'ok') return complaintOf(cell) ?? `the kernel answered "${reply.status}"`;
    if (reply.executionCount !== index + 1) {
      return `its execution count is ${reply.executionCount}, expected ${index + 1}`;
    }
    return complaintOf(cell);
  } finally {
    tooLong.abort();
    limit.catch(() => undefined);
  }
}

/** Adds an output to its cell, or changes every output that was displayed under its id. */
function collect(
  cells: readonly CodeCell[],
  cell: CodeCell,
  { output, displayId, update }: KernelOutput,
): void {
  if (update) {
    for (const { outputs } of cells) {
      outputs.forEach((shown, place) => {
        if (displayIds.get(shown) === displayId) outputs[place] = tagged(output, displayId);
      });
    }
    return;
  }
  const last = cell.outputs.at(-1);
  if (
    output.output_type === 'stream' &&
    last?.output_type === 'stream' &&
    last.name === output.name
  ) {
    last.text = String(last.text) + String(output.text);
    return;
  }
  cell.outputs.push(tagged(output, displayId));
}

/** Display ids are the kernel's own and not part of a notebook file. */
const displayIds = new WeakMap<Output, string>();

function tagged(output: Output, displayId: string | undefined): Output {
  if (displayId !== undefined) displayIds.set(output, displayId);
  return output;
}

/** The errors of a cell, or what it wrote to stderr. */
function complaintOf(cell: CodeCell): string | undefined {
  const errors = cell.outputs.filter((output) => output.output_type === 'error');
  if (errors.length > 0) {
    return errors.map(({ ename, evalue }) => `${String(ename)}: ${String(evalue)}`).join('\n');
  }
  const stderr = cell.outputs.filter((output) => output.name === 'stderr');
  return stderr.length > 0 ? stderr.map(({ text }) => String(text)).join('') : undefined;
}

function firstComplaint(cells: readonly CodeCell[]): CellFailure | undefined {
  const cell = cells.findIndex((one) => complaintOf(one) !== undefined);
  return cell < 0 ? undefined : { cell: cell + 1, reason: complaintOf(cells[cell]!)! };
}
