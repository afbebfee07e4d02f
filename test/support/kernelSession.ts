/** Kernels as tests talk to them: cells are run, and everything that is published on their behalf is kept. */
import { stripVTControlCharacters } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { KernelClient, type KernelName } from '../../src/notebook/client.js';
import type { Content, Message } from '../../src/notebook/wire.js';
import { makeFolder, removeFolder } from './folders.js';

/** The execution of a cell. */
export interface Execution {
  /** What was published on its behalf so far, also after its end */
  readonly messages: readonly Message[];
  readonly reply: Promise<Content>;
}

/** An execution that has ended. */
export interface Executed {
  readonly messages: readonly Message[];
  readonly reply: Content;
}

/** The longest that a test waits for something to be published, in milliseconds. */
const patience = 20_000;

export class KernelSession {
  private constructor(
    readonly client: KernelClient,
    /** Where the notebook would be */
    readonly folder: string,
  ) {}

  static async start(kernel: KernelName = 'mmp'): Promise<KernelSession> {
    const folder = makeFolder();
    return new KernelSession(await KernelClient.start({ kernel, folder }), folder);
  }

  /** Begins to execute a cell, or puts it behind those that are being executed. */
  begin(code: string, more: Content = {}): Execution {
    const messages: Message[] = [];
    const content = { code, silent: false, store_history: true, allow_stdin: false, ...more };
    const reply = this.client.request('execute_request', content, (message) => {
      messages.push(message);
    });
    return { messages, reply };
  }

  /** Executes a cell. */
  async run(code: string, more: Content = {}): Promise<Executed> {
    const { messages, reply } = this.begin(code, more);
    return { messages, reply: await reply };
  }

  /** The text of the last expression of a cell. */
  async evaluate(code: string): Promise<unknown> {
    const executed = await this.run(code);
    return resultOf(executed)?.['text/plain'] ?? errorOf(executed);
  }

  async stop(): Promise<void> {
    await this.client.stop();
    removeFolder(this.folder);
  }
}

let shared: Promise<KernelSession> | undefined;

/** One kernel for all tests that leave it usable; it ends with the last of them. */
export function sharedKernel(): Promise<KernelSession> {
  return (shared ??= KernelSession.start());
}

// Registered for all test files, as this file is loaded by one of them.
after(async () => {
  await (await shared)?.stop();
});

/** The messages of a type. */
export function ofType({ messages }: Pick<Executed, 'messages'>, type: string): Content[] {
  return messages.filter(({ header }) => header.msg_type === type).map(({ content }) => content);
}

/** What was printed. */
export function printed(executed: Pick<Executed, 'messages'>): string {
  return ofType(executed, 'stream')
    .map(({ text }) => String(text))
    .join('');
}

/** The bundle of the last expression. */
export function resultOf(executed: Executed): Readonly<Record<string, unknown>> | undefined {
  return ofType(executed, 'execute_result')[0]?.data as Record<string, unknown> | undefined;
}

/** The first error as a reader sees it, without colours. */
export function errorOf(executed: Pick<Executed, 'messages'>) {
  const [content] = ofType(executed, 'error');
  if (!content) return undefined;
  return {
    ename: String(content.ename),
    evalue: String(content.evalue),
    traceback: stripVTControlCharacters((content.traceback as string[]).join('\n')),
  };
}

/**
 * Waits until an execution has printed something.
 *
 * @throws Error with what was published when it ends without
 */
export async function untilPrinted(execution: Execution, text: string): Promise<void> {
  let ended = false;
  void execution.reply.finally(() => (ended = true)).catch(() => undefined);
  await until(() => ended || printed(execution).includes(text), `"${text}" to be printed`);
  if (printed(execution).includes(text)) return;
  throw new Error(`"${text}" was not printed: ${JSON.stringify(errorOf(execution))}`);
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + patience;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`waited ${patience / 1000} s for ${what}`);
    await sleep(10);
  }
}
