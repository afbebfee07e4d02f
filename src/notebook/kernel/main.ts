/**
 * The kernel "MMP (TypeScript)": tslab's converter and executor behind a Jupyter kernel that tells of failure.
 * Started by Jupyter with a connection file, in the notebook's folder.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { projectRoot } from '../../files/paths.js';
import { kernelSymbol, type RunningKernel } from '../../interruption.js';
import type { Connection, Content, Message } from '../wire.js';
import { runningCell } from './cell.js';
import { Compiler } from './compiler.js';
import { readConnection } from './connection.js';
import { Interrupts } from './interrupts.js';
import { compiledPath } from './library.js';
import { answerTo, kernelInfo } from './requests.js';
import { Session } from './session.js';
import { flag, Sockets } from './sockets.js';
import { Tensors } from './tensors.js';

function start(connection: Connection): void {
  // Stack traces then name the library's sources and not what they were compiled to.
  process.setSourceMapsEnabled(true);
  // The library and TF.js may stand between an error and the cell that led to it.
  Error.stackTraceLimit = 50;
  const folder = process.cwd();
  const root = packageRoot(folder);
  const flags = new Int32Array(new SharedArrayBuffer(4 * Object.keys(flag).length));
  const parentProcess = process.env.JPY_PARENT_PID === undefined ? undefined : process.ppid;
  const interrupts = new Interrupts(flags);
  const tensors = new Tensors();
  const exit = process.exit.bind(process);

  const sockets = new Sockets(
    { connection, flags, info: kernelInfo(), session: randomUUID(), parentProcess },
    {
      request: (message) => {
        handle(message);
      },
      interrupt: () => {
        interrupts.interruptIfRequested();
      },
      shutdown: () => {
        session.latest?.flush();
        exit(0);
      },
      failed: (reason) => {
        complain(reason);
        exit(1);
      },
    },
  );
  const compiler = new Compiler(root, folder, projectRoot);
  const session = new Session({ sockets, compiler, interrupts, tensors, root });

  const handle = (request: Message): void => {
    if (request.header.msg_type === 'execute_request') {
      session.enqueue(request);
      return;
    }
    sockets.publish('status', request.header, { execution_state: 'busy' });
    const answer = answerTo(request, session, compiler.tslab);
    if (answer) sockets.reply(request, answer.type, answer.content);
    sockets.publish('status', request.header, { execution_state: 'idle' });
    if (answer?.type === 'shutdown_reply') sockets.shutDown();
  };

  tensors.watch();
  takeOverProcess(session, exit);
  process.on('SIGINT', () => {
    interrupts.onSignal();
  });
  process.on('exit', () => {
    sockets.close();
  });
  compiler.tslab.setDisplayWriter((content: Content, update: boolean) => {
    const cell = runningCell.getStore() ?? session.latest;
    cell?.publish(update ? 'update_display_data' : 'display_data', content);
  });
  const running: RunningKernel = {
    signal: () => {
      // A loop of the library that never lets messages in would not hear of it otherwise.
      interrupts.interruptIfRequested();
      return runningCell.getStore()?.signal;
    },
    tensors: () => tensors.byCell(),
  };
  Object.assign(globalThis, { [kernelSymbol]: running });
  reachableFromCells(interrupts, root, folder);
}

/** The folder of the package that the notebook lies in: TypeScript below it can be imported. */
function packageRoot(folder: string): string {
  for (let place = folder; ; place = path.dirname(place)) {
    if (existsSync(path.join(place, 'package.json'))) return place;
    if (place === path.dirname(place)) return folder;
  }
}

/** Output, uncaught errors and the end of the process belong to cells. */
function takeOverProcess(session: Session, exit: typeof process.exit): void {
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = process[name];
    // A character may be cut in two between chunks of bytes.
    const decoder = new StringDecoder();
    const write = stream.write.bind(stream);
    stream.write = (chunk: string | Uint8Array, ...others: unknown[]): boolean => {
      const cell = runningCell.getStore() ?? session.latest;
      const done = others.find((other) => typeof other === 'function') as (() => void) | undefined;
      if (!cell) return write(chunk, done);
      cell.write(name, typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk)));
      done?.();
      return true;
    };
  }
  const fail = (thrown: unknown) => {
    session.fail(thrown);
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.exit = (code) => {
    if (!runningCell.getStore()) exit(code);
    const error = new Error(
      `process.exit(${code ?? ''}) would end the kernel and everything in it; restart it from the front end`,
    );
    error.name = 'ExitRefused';
    throw error;
  };
}

/** What compiled cells call, and imports from where the notebook lies. */
function reachableFromCells(interrupts: Interrupts, root: string, folder: string): void {
  const { check, interruptible, interruptibleItems } = interrupts;
  const reach = (globalThis as unknown as { __tslab__: { require: NodeJS.Require } }).__tslab__;
  const fallback = createRequire(path.join(projectRoot, 'cell.js'));
  const require = new Proxy(reach.require, {
    apply: (load, self, [name]: [string]) => {
      if (/^\.\.?(\/|$)/.test(name)) {
        const file = path.resolve(folder, name);
        const fromLibrary = compiledPath(file);
        if (fromLibrary !== undefined) return fallback(fromLibrary) as unknown;
        const fromRoot = path.relative(root, file);
        return Reflect.apply(load, self, [`./${fromRoot.replaceAll(path.sep, '/')}`]) as unknown;
      }
      try {
        return Reflect.apply(load, self, [name]) as unknown;
      } catch (error) {
        const missing = (error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND';
        if (!missing || root === projectRoot) throw error;
        return fallback(name) as unknown;
      }
    },
  });
  Object.assign(reach, { require, check, interruptible, interruptibleItems });
}

/** Tells whoever started the kernel why it ends. */
function complain(reason: string): void {
  console.error(`mmp kernel: ${reason}`);
}

/** What the connection file on the command line says; undefined where it says nothing that can be used. */
function connectionGiven(): Connection | undefined {
  const [file] = process.argv.slice(2);
  try {
    if (file === undefined) throw new Error('it is started with a connection file');
    return readConnection(file);
  } catch (error) {
    complain((error as Error).message);
    process.exitCode = 1;
    return undefined;
  }
}

const connection = connectionGiven();
if (connection) start(connection);
