/**
 * The thread that owns the kernel's five sockets. It answers heartbeats, interrupts and shutdowns while the
 * main thread computes, and sends what the main thread publishes in the middle of a loop.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { context, Publisher, Reply, Router } from 'zeromq';
import { decode, encode, headerOf, type Content, type Message } from '../wire.js';
import {
  flag,
  type Frames,
  type FromSockets,
  type SocketThreadData,
  type ToSockets,
} from './sockets.js';

const { connection, flags, info, session, parentProcess } = workerData as SocketThreadData;
const port = parentPort!;

/** How long the main thread may take to notice before stronger means are used. */
const patience = { interrupt: 500, shutdown: 2000, parent: 1000 };

const shell = new Router({ linger: 1000 });
const control = new Router({ linger: 1000 });
const stdin = new Router({ linger: 0 });
const heartbeat = new Reply({ linger: 0 });
// No limit: what a cell prints fast must not be dropped.
const iopub = new Publisher({ linger: 1000, sendHighWaterMark: 0 });
const sockets = { shell, control, iopub };

/** Messages of a socket go out one after the other. */
const queues = new Map<keyof typeof sockets, Promise<void>>();

function send(name: keyof typeof sockets, frames: Frames): void {
  const before = queues.get(name) ?? Promise.resolve();
  // A socket that is closed under a message has nobody left to tell.
  queues.set(
    name,
    before.then(() => sockets[name].send([...frames])).catch(() => undefined),
  );
}

function answer(request: Message, type: string, content: Content): void {
  const { identities, header: parent } = request;
  const header = headerOf(type, session);
  const message = { identities, header, parent, metadata: {}, content };
  send('control', encode(connection.key, message));
}

function publishStatus(state: 'busy' | 'idle' | 'starting', parent: Message['parent']): void {
  const header = headerOf('status', session);
  const content = { execution_state: state };
  const message = { identities: [Buffer.from('status')], header, parent, metadata: {}, content };
  send('iopub', encode(connection.key, message));
}

function tell(message: FromSockets): void {
  port.postMessage(message);
}

/** What has to work while the main thread is busy. */
function handleControl(request: Message): void {
  publishStatus('busy', request.header);
  switch (request.header.msg_type) {
    case 'kernel_info_request':
      answer(request, 'kernel_info_reply', info);
      break;
    case 'interrupt_request':
      interrupt();
      answer(request, 'interrupt_reply', { status: 'ok' });
      break;
    case 'shutdown_request': {
      const restart = request.content.restart === true;
      answer(request, 'shutdown_reply', { status: 'ok', restart });
      shutDown();
      break;
    }
  }
  publishStatus('idle', request.header);
}

function interrupt(): void {
  const request = Atomics.add(flags, flag.requested, 1) + 1;
  tell({ type: 'interrupt' });
  // Code that does not look at the flags is stopped by the signal, as long as it has not awaited anything.
  setTimeout(() => {
    if (Atomics.load(flags, flag.handled) >= request || process.platform === 'win32') return;
    Atomics.store(flags, flag.signalled, 1);
    process.kill(process.pid, 'SIGINT');
  }, patience.interrupt);
}

function shutDown(): void {
  tell({ type: 'shutdown' });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), patience.shutdown);
}

/** Hands on the messages of a socket until it is closed. */
async function listen(socket: Router, handle: (message: Message) => void): Promise<void> {
  for await (const frames of socket as AsyncIterable<Buffer[]>) {
    const message = decode(connection.key, frames);
    if (message) handle(message);
  }
}

async function beat(): Promise<void> {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}

/** The process ends when this has run; the sockets have to be closed before. */
function close(): void {
  for (const socket of [shell, control, stdin, heartbeat, iopub]) socket.close();
  context.blocky = false;
  Atomics.store(flags, flag.closed, 1);
  Atomics.notify(flags, flag.closed);
  process.exit();
}

port.on('message', (message: ToSockets) => {
  if (message.type === 'close') void Promise.all(queues.values()).then(close);
  else if (message.type === 'shutdown') shutDown();
  else send(message.socket, message.frames);
});

// A kernel whose front end has died would hold memory and GPU for ever.
if (parentProcess !== undefined) {
  setInterval(() => {
    if (process.ppid === parentProcess) return;
    // The group that Jupyter and our client make: this process and what its cells have started.
    try {
      process.kill(-process.pid, 'SIGKILL');
    } catch {
      process.kill(process.pid, 'SIGKILL');
    }
  }, patience.parent);
}

async function bind(): Promise<void> {
  const { transport, ip } = connection;
  const separator = transport === 'ipc' ? '-' : ':';
  const address = (number: number) => `${transport}://${ip}${separator}${number}`;
  await Promise.all([
    shell.bind(address(connection.shell_port)),
    control.bind(address(connection.control_port)),
    stdin.bind(address(connection.stdin_port)),
    heartbeat.bind(address(connection.hb_port)),
    iopub.bind(address(connection.iopub_port)),
  ]);
  publishStatus('starting', {});
  void listen(control, handleControl);
  void listen(shell, (message) => {
    tell({ type: 'request', message });
  });
  await beat();
}

bind().catch((error: unknown) => {
  const { message, address } = error as Error & { readonly address?: string };
  tell({ type: 'failed', reason: `${message}: ${address ?? 'a socket'}` });
});
