/** Which engines there are, and which of them can run here. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { torchPython } from '../files/torch.js';
import { backendNames } from '../tensor/backend.js';
import { nativeEnvironment } from '../tensor/native.js';
import { EngineProcess, type EngineCommand } from './engineProcess.js';
import { hardware, type EngineDescription } from './protocol.js';

/** An engine that runs here. */
export interface PresentEngine extends EngineDescription {
  readonly command: EngineCommand;
}

export interface AbsentEngine {
  readonly name: string;
  /** How many it was told to use; null for all choices */
  readonly threads: number | null;
  readonly reason: string;
}

export interface Engines {
  readonly present: PresentEngine[];
  readonly absent: AbsentEngine[];
}

export const torchDevices = ['cpu', 'cuda'] as const;
export type TorchDevice = (typeof torchDevices)[number];

const torchNames: Readonly<Record<TorchDevice, string>> = { cpu: 'PyTorch', cuda: 'PyTorch cuda' };

export const isTorch = (engine: string): boolean => Object.values(torchNames).includes(engine);

export function tfjsCommand(backend: string, threads: number): EngineCommand {
  return {
    name: backend,
    threads,
    command: process.execPath,
    parameters: [path.join(__dirname, 'tfjsEngine.js'), backend],
    environment: { MMP_THREADS: String(threads), ...(isNative(backend) && nativeEnvironment()) },
  };
}

const isNative = (backend: string) => backend === 'tensorflow' || backend === 'cuda';

/** @param python with the packages of PyTorch */
export function torchCommand(
  python: string,
  threads: number,
  device: TorchDevice = 'cpu',
): EngineCommand {
  const script = path.join(projectRoot, 'test', 'bench', 'torch_engine.py');
  return {
    name: torchNames[device],
    threads,
    command: python,
    // -B: no compiled files beside the script.
    parameters: ['-B', script, device],
    environment: { OMP_NUM_THREADS: String(threads), MMP_THREADS: String(threads) },
  };
}

export interface WantedEngines {
  /** TF.js backends by name, or `cuda`; without names all backends, but for WebGPU in software */
  readonly backends?: readonly string[];
  /** Devices of PyTorch; all by default */
  readonly torch?: readonly TorchDevice[];
}

/**
 * Finds out which engines run here: PyTorch and the TF.js backends, on a CPU with one thread and with as many
 * as there are cores.
 *
 * @param python returns the path of a Python that has PyTorch
 */
export async function findEngines(
  { backends, torch = torchDevices }: WantedEngines,
  python: () => string = torchPython,
): Promise<Engines> {
  const cores = availableParallelism();
  const choices = cores > 1 ? [1, cores] : [1];
  const commands: EngineCommand[] = [];
  const absent: AbsentEngine[] = [];
  try {
    const found = torch.length > 0 ? python() : '';
    for (const device of torch) {
      // One thread tells a GPU what to do.
      const threads = device === 'cpu' ? choices : [1];
      commands.push(...threads.map((count) => torchCommand(found, count, device)));
    }
  } catch (error) {
    absent.push({ name: torchNames.cpu, threads: null, reason: (error as Error).message });
  }
  for (const backend of backends ?? backendNames) {
    // Only wasm has a choice: tensorflow always takes all, cpu and what commands a GPU are one thread.
    const threads = backend === 'wasm' ? choices : isNative(backend) ? [cores] : [1];
    commands.push(...threads.map((count) => tfjsCommand(backend, count)));
  }

  const present: PresentEngine[] = [];
  for (const command of commands) {
    try {
      const { engine, description } = await EngineProcess.start(command);
      await engine.close();
      if (description.threads !== command.threads) {
        throw new Error(
          `told to use ${command.threads} threads, it reports ${description.threads}`,
        );
      }
      if (description.hardware === hardware.software && !backends) {
        throw new Error(
          `a step takes many seconds on ${description.device}; ask for it by "--backends ${command.name}"`,
        );
      }
      present.push({ command, ...description });
    } catch (error) {
      const { name, threads } = command;
      absent.push({ name, threads, reason: (error as Error).message });
    }
  }
  return { present, absent };
}
