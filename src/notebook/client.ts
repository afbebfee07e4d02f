/**
 * The client's side of a Jupyter kernel, without Python: starts it, sends requests, and hands on what it
 * publishes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dealer, Subscriber } from 'zeromq';
import { nativeEnvironment } from '../tensor/native.js';
import { outputOf, type KernelOutput } from './kernelOutput.js';
import { freePorts } from './ports.js';
import { decode, encode, headerOf, type Connection, type Content, type Message } from './wire.js';

/** One request under way: where its outputs go and how its end is told. */
interface Request {
  readonly onMessage: (message: Message) => void;
  readonly onEnd: (reply: Content) => void;
  readonly onFailure: (error: Error) => void;
  reply?: Content;
  idle: boolean;
}

export interface ExecuteReply {
  readonly status: string;
  readonly executionCount: number | null;
}

/** The kernels that notebooks may name: ours, and tslab as it is. */
export const kernelNames = ['mmp', 'tslab'] as const;
export type KernelName = (typeof kernelNames)[number];

/** The command that starts a kernel of this project. */
export function kernelCommand(name: KernelName, connectionFile: string): string[] {
  if (name === 'mmp') {
    const main = path.join(__dirname, 'kernel', 'main.js');
    return [process.execPath, main, connectionFile];
  }
  const tslab = createRequire(__filename).resolve('tslab/bin/tslab');
  return [process.execPath, tslab, 'kernel', '--config-path', connectionFile];
}

const socketNames = ['shell', 'iopub', 'stdin', 'control', 'hb'] as const;

/** Windows has no groups of processes. */
const hasGroups = process.platform !== 'win32';

/** How long a kernel may take, in milliseconds, to come up, and to end when it is asked to. */
const startLimit = 60_000;
const stopLimit = 2000;
const startAttempts = 3;

/** How much of what a kernel process printed is quoted, in characters. */
const quoted = 2000;

export interface KernelOptions {
  readonly kernel?: KernelName;
  /** The kernel's working directory: the notebook's folder, as in JupyterLab */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** When it is aborted, the kernel is killed with all that it started. */
  readonly signal?: AbortSignal;
}

/** A running kernel. */
export class KernelClient {
  private readonly requests = new Map<string, Request>();
  private readonly session = randomUUID();
  /** What the kernel process itself wrote last; kernels report their own failures there. */
  private log = '';
  private stopping = false;
  private readonly ended: Promise<void>;
  /** Why the kernel is no more, although nobody has stopped it */
  death: Error | undefined;

  private constructor(
    private readonly name: KernelName,
    readonly process: ChildProcess,
    readonly connection: Connection,
    private readonly shell: Dealer,
    private readonly iopub: Subscriber,
    private readonly control: Dealer,
  ) {
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.log = (this.log + chunk.toString()).slice(-quoted);
      });
    }
    this.ended = new Promise((resolve) => {
      process.once('error', (error) => {
        this.failAll(`the kernel could not be started: ${error.message}`);
        resolve();
      });
      process.once('exit', (code, signal) => {
        // What it started would keep its streams open, and its last words from us.
        this.kill();
        const allRead = new Promise((read) => process.once('close', read));
        void Promise.race([allRead, sleep(stopLimit, undefined, { ref: false })]).then(() => {
          this.failAll(`the kernel ended (${signal ?? `exit code ${code}`})`);
          resolve();
        });
      });
    });
    void this.listen(shell, (message) => {
      this.settle(message, (request) => (request.reply = message.content));
    });
    void this.listen(control, (message) => {
      this.settle(message, (request) => (request.reply = message.content));
    });
    void this.listen(iopub, (message) => {
      const { header, parent, content } = message;
      this.requests.get(String(parent.msg_id))?.onMessage(message);
      const idle = header.msg_type === 'status' && content.execution_state === 'idle';
      if (idle) this.settle(message, (request) => (request.idle = true));
    });
  }

  /**
   * Starts a kernel of this project and waits until it answers.
   *
   * @throws Error with what the kernel printed when it does not come up
   */
  static async start(options: KernelOptions): Promise<KernelClient> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await KernelClient.startOnce(options);
      } catch (error) {
        // Another program may have taken a port since it was found free.
        const taken = (error as Error).message.includes('Address already in use');
        if (!taken || attempt === startAttempts) throw error;
      }
    }
  }

  private static async startOnce(options: KernelOptions): Promise<KernelClient> {
    const { kernel: name = 'mmp', folder, environment, signal } = options;
    const ports = await freePorts(socketNames.length);
    signal?.throwIfAborted();
    const connection = {
      transport: 'tcp',
      ip: '127.0.0.1',
      key: randomUUID(),
      signature_scheme: 'hmac-sha256',
      ...Object.fromEntries(socketNames.map((socket, index) => [`${socket}_port`, ports[index]])),
    } as Connection;
    const connectionFolder = mkdtempSync(path.join(tmpdir(), 'mmp-kernel-'));
    try {
      const connectionFile = path.join(connectionFolder, 'connection.json');
      writeFileSync(connectionFile, JSON.stringify(connection), { mode: 0o600 });
      const [command, ...parameters] = kernelCommand(name, connectionFile);
      // By this name kernels know that they have no purpose without the process that started them.
      const parent = { JPY_PARENT_PID: String(process.pid) };
      const child = spawn(command!, parameters, {
        cwd: folder,
        env: { ...process.env, ...nativeEnvironment(), ...parent, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own: it can be killed with its children, and Ctrl-C reaches us alone.
        detached: hasGroups,
      });
      const shell = new Dealer({ linger: 0 });
      // No limit: what a cell prints fast must not be dropped.
      const iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
      const control = new Dealer({ linger: 0 });
      shell.connect(`tcp://127.0.0.1:${ports[0]}`);
      iopub.connect(`tcp://127.0.0.1:${ports[1]}`);
      iopub.subscribe();
      control.connect(`tcp://127.0.0.1:${ports[3]}`);
      const kernel = new KernelClient(name, child, connection, shell, iopub, control);
      const kill = () => {
        kernel.kill();
      };
      signal?.addEventListener('abort', kill);
      void kernel.ended.then(() => signal?.removeEventListener('abort', kill));
      await kernel.untilReady();
      return kernel;
    } finally {
      // A kernel that answers has read it, so that nothing is left behind whatever happens from now on.
      rmSync(connectionFolder, { recursive: true });
    }
  }

  /**
   * Executes one cell.
   *
   * @param onOutput called with each output; also later, when the cell's own output comes late
   * @throws Error when the kernel ends before it answers
   */
  async execute(code: string, onOutput: (output: KernelOutput) => void): Promise<ExecuteReply> {
    const content = { code, silent: false, store_history: true, allow_stdin: false };
    const reply = await this.request('execute_request', content, (message) => {
      const output = outputOf(message.header.msg_type, message.content);
      if (output) onOutput(output);
    });
    return {
      status: String(reply.status),
      executionCount: typeof reply.execution_count === 'number' ? reply.execution_count : null,
    };
  }

  /** Interrupts the cell that is running. */
  async interrupt(): Promise<void> {
    if (this.name === 'tslab') this.process.kill('SIGINT');
    else await this.send('interrupt_request', {}, randomUUID(), this.control);
  }

  /** Asks the kernel to end, and ends it if it does not, and all that it started. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (!this.death) {
      await this.send('shutdown_request', { restart: false }, randomUUID(), this.control);
    }
    await Promise.race([this.ended, sleep(stopLimit, undefined, { ref: false })]);
    this.kill();
    await this.ended;
    this.shell.close();
    this.iopub.close();
    this.control.close();
  }

  private kill(): void {
    const { pid } = this.process;
    try {
      if (hasGroups && pid !== undefined) process.kill(-pid, 'SIGKILL');
      else this.process.kill('SIGKILL');
    } catch {
      // Nothing of it is left.
    }
  }

  /** Asks until both sockets have answered: the subscription may miss what was published before it. */
  private async untilReady(): Promise<void> {
    const deadline = Date.now() + startLimit;
    while (Date.now() < deadline) {
      const answered = this.request('kernel_info_request', {}).then(() => true);
      const retry = new Promise<boolean>((resolve) => setTimeout(resolve, 1000, false));
      try {
        if (await Promise.race([answered, retry])) return;
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
    await this.stop();
    throw new Error(`the kernel did not answer within ${startLimit / 1000} s${this.lastWords()}`);
  }

  /**
   * Sends a request and waits for its reply and for the kernel to be idle again.
   *
   * @param onMessage called with everything that is published on its behalf, also later
   */
  async request(
    type: string,
    content: Content,
    onMessage: Request['onMessage'] = () => undefined,
    channel: 'shell' | 'control' = 'shell',
  ): Promise<Content> {
    if (this.death) throw this.death;
    const id = randomUUID();
    const reply = new Promise<Content>((onEnd, onFailure) => {
      this.requests.set(id, { onMessage, onEnd, onFailure, idle: false });
    });
    await this.send(type, content, id, this[channel]);
    return reply;
  }

  private async send(
    type: string,
    content: Content,
    id: string = randomUUID(),
    socket = this.shell,
  ): Promise<void> {
    const header = { ...headerOf(type, this.session), msg_id: id };
    const message = { identities: [], header, parent: {}, metadata: {}, content };
    await socket.send(encode(this.connection.key, message));
  }

  /** Hands on the messages of a socket until it is closed. */
  private async listen(
    socket: Dealer | Subscriber,
    handle: (message: Message) => void,
  ): Promise<void> {
    for await (const frames of socket as AsyncIterable<Buffer[]>) {
      const message = decode(this.connection.key, frames);
      if (message) handle(message);
    }
  }

  /** Notes one half of an answer; a request ends when the reply is there and the kernel idle. */
  private settle({ parent }: Message, note: (request: Request) => void): void {
    const request = this.requests.get(String(parent.msg_id));
    if (!request) return;
    note(request);
    if (request.reply && request.idle) request.onEnd(request.reply);
  }

  private failAll(message: string): void {
    if (this.stopping) return;
    this.death = new Error(`${message}${this.lastWords()}`);
    for (const request of this.requests.values()) request.onFailure(this.death);
  }

  private lastWords(): string {
    return this.log === '' ? '' : `; it printed:\n${this.log}`;
  }
}
