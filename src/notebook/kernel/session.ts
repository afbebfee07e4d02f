/** Cells, executed one after the other, and everything that goes wrong in them told to the front end. */
import { createHash } from 'node:crypto';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Bundle } from '../display.js';
import type { Content, Message } from '../wire.js';
import { Cell, CompileError, Interrupted, runningCell } from './cell.js';
import type { Compiler } from './compiler.js';
import { History } from './history.js';
import type { Interrupts } from './interrupts.js';
import { resultBundle } from './results.js';
import type { Sockets } from './sockets.js';
import type { Tensors } from './tensors.js';
import { errorContent, type ErrorContent } from './traceback.js';
import type { Executor } from './tslab.js';

/** How long code may take to stop by itself when it is interrupted, in milliseconds. */
const patience = 1000;

/** How long a request may need to get here that was sent together with the one before, in milliseconds. */
const onItsWay = 20;

/** A cell went on after its end and failed then; the next answer tells so too. */
class LateFailure extends Error {
  constructor(label: string, { ename, evalue }: ErrorContent) {
    super(`${label} failed after it had ended: ${ename}: ${evalue}`);
    this.name = 'LateFailure';
    this.stack = '';
  }
}

/** What executing needs of the rest of the kernel. */
export interface SessionParts {
  readonly sockets: Sockets;
  readonly compiler: Compiler;
  readonly interrupts: Interrupts;
  readonly tensors: Tensors;
  /** The folder that tslab resolves packages from */
  readonly root: string;
}

export class Session {
  readonly history = new History();
  readonly executor: Executor;
  /** The cell that runs now or ran last */
  latest: Cell | undefined;

  private readonly queue: Message[] = [];
  private running = false;
  private executions = 0;
  private count = 0;
  private lateFailures: LateFailure[] = [];

  constructor(private readonly parts: SessionParts) {
    const { compiler, root } = parts;
    const converter = compiler.converter((diagnostics) => {
      this.fail(new CompileError(diagnostics, this.latest!.code));
    });
    const close = () => {
      converter.close();
    };
    this.executor = compiler.tslab.createExecutor(
      root,
      { node: converter, browser: converter, close },
      {
        log: (value) => {
          this.latest!.result = value;
        },
        // One value is what was thrown; more are diagnostics as text, which the converter has told already.
        error: (...values) => {
          if (values.length === 1) this.fail(values[0]);
        },
      },
    );
  }

  /** Executes the cell of a request when those before it are done. */
  enqueue(request: Message): void {
    this.queue.push(request);
    if (!this.running) void this.run();
  }

  /**
   * Tells that something was thrown: in the cell that is running, or on behalf of one that has ended, which
   * makes the answer to the running or next cell an error as well.
   */
  fail(thrown: unknown): void {
    const cell = runningCell.getStore() ?? this.latest;
    if (!cell) throw thrown;
    const failure = isInterrupt(thrown) ? new Interrupted() : thrown;
    const known = cell.failures.some((earlier) => earlier instanceof Interrupted);
    // Everything that an interrupt stops says so; once is enough.
    if (failure instanceof Interrupted && (known || cell.ended)) return;
    const content = errorContent(failure, this.parts.compiler.scripts);
    cell.failures.push(failure);
    cell.publish('error', { ...content });
    if (cell.ended) this.lateFailures.push(new LateFailure(cell.label, content));
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let request = this.queue.shift(); request; request = this.queue.shift()) {
      const { sockets } = this.parts;
      sockets.publish('status', request.header, { execution_state: 'busy' });
      const reply = await this.execute(request).catch((error: unknown) => {
        const fault = ownFault(error as Error);
        sockets.publish('error', request.header, { ...fault });
        return { status: 'error', ...fault };
      });
      const aborted = reply.status === 'error' && request.content.stop_on_error !== false;
      // What was asked for before the answer was known counts on this cell; what comes later does not.
      if (aborted) await sleep(onItsWay);
      const others = aborted ? this.queue.splice(0) : [];
      sockets.reply(request, 'execute_reply', reply);
      sockets.publish('status', request.header, { execution_state: 'idle' });
      others.forEach((other) => {
        this.abort(other);
      });
    }
    this.running = false;
  }

  private abort(request: Message): void {
    const { sockets } = this.parts;
    sockets.publish('status', request.header, { execution_state: 'busy' });
    sockets.reply(request, 'execute_reply', { status: 'aborted' });
    sockets.publish('status', request.header, { execution_state: 'idle' });
  }

  /** @returns the content of the execute_reply */
  private async execute({ header, metadata, content }: Message): Promise<Content> {
    const code = String(content.code);
    const silent = content.silent === true;
    const stored = !silent && content.store_history !== false;
    if (stored) this.history.add(++this.count, code);
    const { sockets, tensors, compiler, interrupts } = this.parts;
    const name = `cell-${++this.executions}`;
    const key = typeof metadata.cellId === 'string' ? metadata.cellId : hashOf(code);
    const publish = sockets.publish.bind(sockets);
    const cell = new Cell(code, this.count, name, key, interrupts.signal, header, publish);
    this.latest = cell;
    if (!silent) cell.publish('execute_input', { code, execution_count: this.count });
    compiler.begin({ name, label: cell.label, code });

    const earlier = tensors.begin(cell);
    const result = await runningCell.run(cell, () => this.runCode(cell, silent));
    if (stored && result) this.history.addResult(result['text/plain']);
    cell.result = undefined;
    if (earlier) await tensors.release(earlier);
    // A rejection is known to be awaited by nobody only after all that could await it has had its turn.
    await turn();
    await turn();
    this.countLateFailures(cell);
    cell.flush();
    cell.ended = true;
    if (cell.failures.length === 0) {
      return { status: 'ok', execution_count: this.count, payload: [], user_expressions: {} };
    }
    const error = errorContent(cell.failures[0], compiler.scripts);
    return { status: 'error', execution_count: this.count, ...error };
  }

  /** @returns the bundle of its result */
  private async runCode(cell: Cell, silent: boolean): Promise<Bundle | undefined> {
    const { tslab } = this.parts.compiler;
    let impatience: NodeJS.Timeout | undefined;
    const onAbort = () => {
      impatience = setTimeout(() => {
        this.executor.interrupt();
      }, patience);
    };
    cell.signal.addEventListener('abort', onAbort);
    try {
      if (tslab.cellMetadata(cell.code).mode === 'browser') {
        throw new Error('cells for the browser (@browser) are not run by this kernel');
      }
      await this.executor.execute(cell.code);
      if (cell.result === undefined || silent) return undefined;
      const data = await resultBundle(cell.result);
      cell.publish('execute_result', { execution_count: cell.count, data, metadata: {} });
      return data;
    } catch (error) {
      this.fail(error);
      return undefined;
    } finally {
      clearTimeout(impatience);
      cell.signal.removeEventListener('abort', onAbort);
    }
  }

  private countLateFailures(cell: Cell): void {
    for (const failure of this.lateFailures.splice(0)) {
      cell.failures.push(failure);
      cell.publish('error', { ...errorContent(failure, this.parts.compiler.scripts) });
    }
  }
}

/** What is told where the kernel itself fails, as over an error that cannot be looked at. */
function ownFault({ message, stack }: Error): ErrorContent {
  return { ename: 'KernelFault', evalue: message, traceback: [stack ?? message] };
}

/** Whether this is an interrupt, by us, by Node (in a loop), or by tslab (after our patience). */
function isInterrupt(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { code } = thrown as NodeJS.ErrnoException;
  return (
    thrown instanceof Interrupted ||
    code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED' ||
    thrown.message === 'Interrupted asynchronously'
  );
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
