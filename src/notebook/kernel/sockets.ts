/** The main thread's side of the sockets: requests come from the socket thread, answers go to it. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { encode, headerOf, type Connection, type Content, type Message } from '../wire.js';

/** Places in the memory that both threads see. */
export const flag = {
  /** How many interrupts front ends have asked for */
  requested: 0,
  /** How many of them the main thread has acted on */
  handled: 1,
  /** 1 when an interrupt was followed by a signal, until the signal arrives */
  signalled: 2,
  /** 1 when the sockets are closed */
  closed: 3,
} as const;

export interface SocketThreadData {
  readonly connection: Connection;
  readonly flags: Int32Array;
  /** The answer to kernel_info_request */
  readonly info: Content;
  readonly session: string;
  /** The process without which the kernel has no purpose */
  readonly parentProcess: number | undefined;
}

export type Frames = readonly (string | Buffer)[];

export type ToSockets =
  | { readonly type: 'send'; readonly socket: 'shell' | 'iopub'; readonly frames: Frames }
  | { readonly type: 'shutdown' }
  | { readonly type: 'close' };

export type FromSockets =
  | { readonly type: 'request'; readonly message: Message }
  | { readonly type: 'interrupt' }
  | { readonly type: 'shutdown' }
  | { readonly type: 'failed'; readonly reason: string };

export interface Handlers {
  readonly request: (message: Message) => void;
  readonly interrupt: () => void;
  readonly shutdown: () => void;
  /** There are no sockets: a port is taken, or their thread failed. */
  readonly failed: (reason: string) => void;
}

const closeLimit = 2000;

export class Sockets {
  private readonly thread: Worker;

  constructor(
    private readonly data: SocketThreadData,
    handlers: Handlers,
  ) {
    this.thread = new Worker(path.join(__dirname, 'socketThread.js'), { workerData: data });
    this.thread.on('message', (message: FromSockets) => {
      if (message.type === 'request') handlers.request(message.message);
      else if (message.type === 'failed') handlers.failed(message.reason);
      else handlers[message.type]();
    });
    this.thread.on('error', ({ message }) => {
      handlers.failed(message);
    });
  }

  /** Publishes to all front ends. */
  publish(type: string, parent: Message['parent'], content: Content): void {
    this.send('iopub', [Buffer.from(type)], type, parent, content);
  }

  /** Answers a request. */
  reply({ identities, header }: Message, type: string, content: Content): void {
    this.send('shell', identities, type, header, content);
  }

  /** Lets the kernel end as if a front end had asked for it. */
  shutDown(): void {
    this.post({ type: 'shutdown' });
  }

  /** Sends what is left and closes the sockets; blocks until that is done. */
  close(): void {
    this.post({ type: 'close' });
    Atomics.wait(this.data.flags, flag.closed, 0, closeLimit);
  }

  private send(
    socket: 'shell' | 'iopub',
    identities: Message['identities'],
    type: string,
    parent: Message['parent'],
    content: Content,
  ): void {
    const { connection, session } = this.data;
    const header = headerOf(type, session);
    // Encoded here, so that what JSON cannot hold is an error of the cell that wants to send it.
    const frames = encode(connection.key, { identities, header, parent, metadata: {}, content });
    this.post({ type: 'send', socket, frames });
  }

  private post(message: ToSockets): void {
    this.thread.postMessage(message);
  }
}
