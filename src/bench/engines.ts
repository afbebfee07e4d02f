/** Which engines there are, and which of them can run here. */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { installPackages, prepareEnvironment, projectEnvironment } from '../files/python.js';
import { backendNames } from '../tensor/backend.js';
import { EngineProcess, type EngineCommand } from './engineProcess.js';
import type { EngineDescription } from './protocol.js';

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

export const torchName = 'PyTorch';
const torchPackages = ['torch==2.13.0', 'numpy', 'safetensors'];

export function tfjsCommand(backend: string, threads: number): EngineCommand {
  return {
    name: backend,
    threads,
    command: process.execPath,
    parameters: [path.join(__dirname, 'tfjsEngine.js'), backend],
    environment: { MMP_THREADS: String(threads) },
  };
}

/** @param python with the packages of PyTorch */
export function torchCommand(python: string, threads: number): EngineCommand {
  const script = path.join(projectRoot, 'test', 'bench', 'torch_engine.py');
  return {
    name: torchName,
    threads,
    command: python,
    // -B: no compiled files beside the script.
    parameters: ['-B', script],
    environment: { OMP_NUM_THREADS: String(threads), MMP_THREADS: String(threads) },
  };
}

/** @throws Error saying why it cannot be installed */
function installTorch(): string {
  const python = prepareEnvironment(projectEnvironment, torchName);
  installPackages(python, torchPackages);
  return python;
}

/**
 * Finds out which engines run here: PyTorch, installed where it is missing, and the TF.js backends, with
 * one thread and with as many as there are cores.
 *
 * @param backends TF.js backends by name
 * @param install makes a Python that has PyTorch and returns its path
 */
export async function findEngines(
  backends: readonly string[] = backendNames,
  install: () => string = installTorch,
): Promise<Engines> {
  const cores = availableParallelism();
  const choices = cores > 1 ? [1, cores] : [1];
  const commands: EngineCommand[] = [];
  const absent: AbsentEngine[] = [];
  try {
    const python = install();
    commands.push(...choices.map((threads) => torchCommand(python, threads)));
  } catch (error) {
    absent.push({ name: torchName, threads: null, reason: (error as Error).message });
  }
  for (const backend of backends) {
    // Only wasm has a choice: tensorflow always takes all, cpu and what commands a GPU are one thread.
    const threads = backend === 'wasm' ? choices : backend === 'tensorflow' ? [cores] : [1];
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
      present.push({ command, ...description });
    } catch (error) {
      const { name, threads } = command;
      absent.push({ name, threads, reason: (error as Error).message });
    }
  }
  return { present, absent };
}
