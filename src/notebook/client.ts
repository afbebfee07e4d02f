/**
 * The client's side of a Jupyter kernel, without Python: starts it, sends requests, and hands on what it
 * publishes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Dealer, Subscriber } from 'zeromq';
import { nativeEnvironment } from '../tensor/native.js';
import type { Output } from './format.js';
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
const startLimit = 60_000;

export interface KernelOptions {
  readonly kernel?: KernelName;
  /** The kernel's working directory: the notebook's folder, as in JupyterLab */
  readonly folder: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running kernel. */
export class KernelClient {
  private readonly requests = new Map<string, Request>();
  private readonly session = randomUUID();
  /** What the kernel process itself wrote; kernels report their own failures there. */
  private log = '';
  private stopping = false;

  private constructor(
    readonly process: ChildProcess,
    readonly connection: Connection,
    private readonly shell: Dealer,
    private readonly iopub: Subscriber,
    private readonly control: Dealer,
    private readonly connectionFolder: string,
  ) {
    process.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    process.on('exit', (code, signal) => {
      this.failAll(new Error(`the kernel ended (${signal ?? `exit code ${code}`})${this.tail()}`));
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
    const { kernel: name = 'mmp', folder, environment } = options;
    const ports = await freePorts(socketNames.length);
    const connectionFolder = mkdtempSync(path.join(tmpdir(), 'mmp-kernel-'));
    const connectionFile = path.join(connectionFolder, 'connection.json');
    const connection = {
      transport: 'tcp',
      ip: '127.0.0.1',
      key: randomUUID(),
      signature_scheme: 'hmac-sha256',
      ...Object.fromEntries(socketNames.map((name, index) => [`${name}_port`, ports[index]])),
    } as Connection;
    writeFileSync(connectionFile, JSON.stringify(connection), { mode: 0o600 });

    const [command, ...parameters] = kernelCommand(name, connectionFile);
    // By this name kernels know that they have no purpose without the process that started them.
    const parent = { JPY_PARENT_PID: String(process.pid) };
    const child = spawn(command!, parameters, {
      cwd: folder,
      env: { ...process.env, ...nativeEnvironment(), ...parent, ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const shell = new Dealer({ linger: 0 });
    // No limit: what a cell prints fast must not be dropped.
    const iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    shell.connect(`tcp://127.0.0.1:${ports[0]}`);
    iopub.connect(`tcp://127.0.0.1:${ports[1]}`);
    iopub.subscribe();
    const control = new Dealer({ linger: 0 });
    control.connect(`tcp://127.0.0.1:${ports[3]}`);
    const kernel = new KernelClient(child, connection, shell, iopub, control, connectionFolder);
    await kernel.untilReady();
    return kernel;
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
    await this.send('interrupt_request', {}, randomUUID(), this.control);
  }

  /** Asks the kernel to end, and ends it if it does not. */
  async stop(): Promise<void> {
    this.stopping = true;
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null && this.process.signalCode === null) {
      void this.send('shutdown_request', { restart: false });
      const timer = setTimeout(() => this.process.kill('SIGKILL'), 2000);
      await ended;
      clearTimeout(timer);
    }
    this.shell.close();
    this.iopub.close();
    this.control.close();
    rmSync(this.connectionFolder, { recursive: true, force: true });
  }

  /** Asks until both sockets have answered: the subscription may miss what was published before it. */
  private async untilReady(): Promise<void> {
    const deadline = Date.now() + startLimit;
    while (Date.now() < deadline) {
      const answered = this.request('kernel_info_request', {}, () => undefined).then(() => true);
      const retry = new Promise<boolean>((resolve) => setTimeout(resolve, 1000, false));
      try {
        if (await Promise.race([answered, retry])) return;
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
    await this.stop();
    throw new Error(`the kernel did not answer within ${startLimit / 1000} s${this.tail()}`);
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

  private failAll(error: Error): void {
    if (this.stopping) return;
    for (const request of this.requests.values()) request.onFailure(error);
  }

  private tail(): string {
    return this.log === '' ? '' : `; it printed:\n${this.log.slice(-2000)}`;
  }
}

/** An output, or a change of all outputs that were displayed under an id. */
export interface KernelOutput {
  readonly output: Output;
  readonly displayId?: string;
  readonly update: boolean;
}

function outputOf(type: string, content: Content): KernelOutput | undefined {
  if (type === 'stream') {
    const { name, text } = content;
    return { output: { output_type: 'stream', name, text }, update: false };
  }
  if (type === 'display_data' || type === 'update_display_data') {
    const { data, metadata, transient } = content;
    const displayId = (transient as { display_id?: string } | undefined)?.display_id;
    const output = { output_type: 'display_data', data, metadata };
    const update = type === 'update_display_data';
    return displayId === undefined ? { output, update } : { output, update, displayId };
  }
  if (type === 'execute_result')
    return { output: { output_type: type, ...content }, update: false };
  if (type === 'error') return { output: { output_type: type, ...content }, update: false };
  return undefined;
}

/** Ports that nothing listens on at this moment. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            resolve(server);
          });
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
