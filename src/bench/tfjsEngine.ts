/**
 * The process of a TF.js engine: speaks the protocol for the backend that its argument names. The number
 * of threads is in MMP_THREADS, for the backends that have a choice.
 */
import { Console } from 'node:console';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { useBackend, type BackendDescription, type BackendName } from '../tensor/backend.js';
import { threadCount } from '../tensor/wasm/team.js';
import { adapterInUse } from '../tensor/webgpu/adapter.js';
import {
  hardware,
  type EngineDescription,
  type Queue,
  type Request,
  type Step,
} from './protocol.js';
import { residentPeakBytes } from './resident.js';
import { profileStep } from './tfjsProfile.js';
import { loadTask, type LoadedTask, type RunStep } from './tfjsTask.js';

// Standard output belongs to the protocol; what libraries print goes elsewhere.
globalThis.console = new Console(process.stderr);

const reply = (message: unknown) => process.stdout.write(`${JSON.stringify(message)}\n`);
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

let task: LoadedTask | undefined;

async function timedStep(run: RunStep): Promise<Step> {
  const begin = performance.now();
  const value = await run();
  const milliseconds = performance.now() - begin;
  if (!Number.isFinite(value)) throw new Error(`the loss is ${value}`);
  return { milliseconds, value, residentPeakBytes: residentPeakBytes() };
}

async function timedQueue({ queue }: LoadedTask, steps: number): Promise<Queue> {
  if (!queue) throw new Error('the steps of this task do not train');
  const begin = performance.now();
  const values = await queue(steps);
  return { milliseconds: performance.now() - begin, values };
}

async function answer(request: Request): Promise<unknown> {
  if (request.do === 'prepare') {
    task = loadTask(request.task);
    return { residentPeakBytes: residentPeakBytes(), queues: task.queue !== null };
  }
  if (!task) throw new Error(`"${request.do}" before "prepare"`);
  if (request.do === 'queue') return timedQueue(task, request.steps);
  return request.do === 'step' ? timedStep(task.step) : profileStep(task.step);
}

function describe(description: BackendDescription): EngineDescription {
  const { name, device, tfjs } = description;
  return {
    threads: threadsOf(name),
    hardware: hardwareOf(description),
    device,
    version: `TF.js ${tfjs}`,
  };
}

function hardwareOf({ name, gpu }: BackendDescription): string {
  if (name === 'webgpu')
    return gpu ? `gpu ${adapterInUse().adapter.info.vendor.toLowerCase()}` : hardware.software;
  // TensorFlow computes on GPUs of one vendor.
  return gpu ? 'gpu nvidia' : hardware.cpu;
}

function threadsOf(backend: BackendName): number {
  // One thread makes the GPU's commands.
  if (backend === 'cpu' || backend === 'webgpu') return 1;
  // Native TensorFlow takes every core that it may use.
  return backend === 'wasm' ? threadCount() : availableParallelism();
}

async function main(): Promise<void> {
  try {
    reply(describe(await useBackend(process.argv[2])));
  } catch (error) {
    reply({ error: messageOf(error) });
    return;
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line) as Request;
    if (request.do === 'close') break;
    try {
      reply(await answer(request));
    } catch (error) {
      reply({ error: messageOf(error) });
    }
  }
  // Threads of a backend would keep the process alive.
  process.exit();
}

void main();
