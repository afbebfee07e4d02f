/** Stand-ins for what surrounds a display: the kernel, its running cell, the console and time. */
import { createRequire } from 'node:module';
import type { Bundle } from '../../src/notebook/display.js';

export interface Sent {
  readonly data: Bundle;
  readonly id: string | undefined;
  readonly update: boolean;
}

/** For the tests of a block: a kernel that keeps what is displayed. */
export function standInKernel(): { sent: Sent[]; texts(): string[] } {
  const jupyter = createRequire(__filename)('tslab/dist/jupyter.js') as Record<string, unknown>;
  const kernel = {
    sent: [] as Sent[],
    texts: () => kernel.sent.map(({ data }) => data['text/plain']),
  };
  beforeEach(() => {
    kernel.sent = [];
    // Where display.ts looks for the kernel that runs it.
    Object.assign(globalThis, { __tslab__: {} });
    jupyter.lastWriteDisplayData = (
      { data, transient }: { data: Bundle; transient: { display_id?: string } },
      update: boolean,
    ) => {
      kernel.sent.push({ data, id: transient.display_id, update });
    };
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis, '__tslab__');
    jupyter.lastWriteDisplayData = null;
  });
  return kernel;
}

/** For the tests of a block: a running cell that can be interrupted, as our kernel has it. */
export function standInCell(): { interrupt(reason: Error): void; restart(): void } {
  const symbol = Symbol.for('mmp.kernel');
  let controller: AbortController;
  const restart = () => {
    controller = new AbortController();
  };
  beforeEach(() => {
    restart();
    Object.assign(globalThis, { [symbol]: { signal: () => controller.signal } });
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis, symbol);
  });
  return {
    restart,
    interrupt: (reason) => {
      controller.abort(reason);
    },
  };
}

/** For the tests of a block: time that stands still, unless it is moved on. */
export function standInTime(): { now: number } {
  const { now: realNow } = Date;
  const time = { now: 0 };
  beforeEach(() => {
    time.now = 1_000_000;
    Date.now = () => time.now;
  });
  afterEach(() => {
    Date.now = realNow;
  });
  return time;
}

/** Runs something and returns the lines that it writes to the console. */
export async function written(what: () => unknown): Promise<unknown[]> {
  const { log } = console;
  const lines: unknown[] = [];
  console.log = (line: unknown) => lines.push(line);
  try {
    await what();
  } finally {
    console.log = log;
  }
  return lines;
}
