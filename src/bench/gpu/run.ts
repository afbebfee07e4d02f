/**
 * `mmp bench-gpu`: verifies, tests and measures this project on a GPU over WebGPU, and over native TensorFlow
 * where that is there, against PyTorch on the same GPU. Every step is a process with a time limit of its own, so
 * that one that fails or hangs is a line of the report, and everything ends in time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../files/paths.js';
import { projectPython } from '../../files/python.js';
import { torchPython } from '../../files/torch.js';
import { writeJson, writeWhole } from '../../files/write.js';
import type { BackendDescription } from '../../tensor/backend.js';
import type { BenchResult, TaskResult } from '../bench.js';
import type { AbsentEngine } from '../engines.js';
import { describeMachine, type Machine } from '../machine.js';
import { runChild, type ChildResult } from './child.js';
import { nvidiaGpus, packageVersions, revision, type NvidiaGpu } from './machine.js';
import { gpuReport } from './report.js';
import { backendTests, mochaParameters, readTap, type TestCounts } from './tests.js';

export const defaultGpuFolder = path.join(projectRoot, 'data', 'runs', 'bench-gpu');

/** What can be asked for, in the order in which it is done, with what it may take of the time, in seconds. */
const shares = { verify: 60, tests: 150, a: 70, b: 90, c: 90, d: 100, e: 60 } as const;
export type StepName = keyof typeof shares;
export const stepNames = Object.keys(shares) as StepName[];

/** The whole time that the shares are meant for, in seconds. */
const wholeTime = 570;
const adapterShare = 40;

const isTask = (name: StepName) => name !== 'verify' && name !== 'tests';

/** Tasks whose kernels are in the report. */
export const profiledTasks: readonly string[] = ['a', 'd'];

/** Timed groups of queued steps. */
const queuedGroups = 5;

export interface GpuBenchOptions {
  /** Whether WebGPU in software is measured, against PyTorch on the CPU, instead of a GPU */
  readonly software?: boolean;
  readonly only: readonly StepName[];
  /** A Python that has PyTorch, instead of that of `.venv` */
  readonly python?: string;
  readonly rounds: number;
  /** For everything */
  readonly seconds: number;
  /** Golden cases, as `mmp verify` takes them */
  readonly golden: readonly string[];
}

export interface StepReport {
  readonly name: string;
  readonly seconds: number;
  readonly state: 'passed' | 'failed' | 'not run';
  /** What came out, or why nothing did */
  readonly said: string;
}

/** What a step came to. */
type Came = Pick<StepReport, 'state' | 'said'>;

/** What the JSON file holds. */
export interface GpuBenchResult {
  readonly software: boolean;
  readonly machine: Machine;
  readonly gpus: readonly NvidiaGpu[];
  readonly versions: Readonly<Record<string, string>>;
  /** Of this project */
  readonly revision: string;
  /** What WebGPU runs on; null where it does not run */
  adapter: BackendDescription | null;
  readonly steps: StepReport[];
  tests: TestCounts | null;
  readonly tasks: TaskResult[];
  absent: AbsentEngine[];
}

/**
 * Runs the steps, and writes `results.json`, `report.md` and `log.txt` after each.
 *
 * @param say told what came of each step, and the report
 * @returns whether all passed
 */
export async function runGpuBench(
  folder: string,
  options: GpuBenchOptions,
  say: (text: string) => void = console.log,
): Promise<boolean> {
  const unknown = options.only.find((name) => !stepNames.includes(name));
  if (unknown !== undefined) {
    throw new Error(`bench-gpu: no step "${unknown}"; there are ${stepNames.join(', ')}`);
  }
  const run = new GpuBench(folder, options, say);
  await run.all();
  return run.result.steps.every(({ state }) => state === 'passed');
}

class GpuBench {
  readonly result: GpuBenchResult;
  private readonly log: string;
  /** When the time is over; it begins when PyTorch is there, whose installation takes minutes */
  private end = Infinity;
  private python: string | undefined;
  private readonly temporary = mkdtempSync(path.join(tmpdir(), 'mmp-bench-gpu-'));

  constructor(
    private readonly folder: string,
    private readonly options: GpuBenchOptions,
    private readonly say: (text: string) => void,
  ) {
    mkdirSync(folder, { recursive: true });
    this.log = path.join(folder, 'log.txt');
    writeWhole(this.log, '');
    this.result = {
      software: options.software ?? false,
      machine: describeMachine(),
      gpus: nvidiaGpus(),
      versions: packageVersions(),
      revision: revision(),
      adapter: null,
      steps: [],
      tests: null,
      tasks: [],
      absent: [],
    };
  }

  async all(): Promise<void> {
    try {
      this.python = this.options.python;
      if (this.python === undefined && this.options.only.some(isTask)) {
        await this.step('PyTorch', 0, () => Promise.resolve(this.installTorch()));
      }
      this.end = performance.now() + this.options.seconds * 1000;
      await this.step('adapter', adapterShare, (seconds) => this.findAdapter(seconds));
      for (const name of stepNames.filter((step) => this.options.only.includes(step))) {
        await this.step(name, shares[name], (seconds) => {
          if (name === 'verify') return this.verify(seconds);
          return name === 'tests' ? this.test(seconds) : this.measure(name, seconds);
        });
      }
    } finally {
      rmSync(this.temporary, { recursive: true });
    }
    this.say(`\n${gpuReport(this.result)}\n${this.folder}`);
  }

  /** Whether WebGPU is what is to be measured: hardware, unless software was asked for. */
  private get webgpu(): boolean {
    return this.result.adapter !== null && this.result.adapter.gpu !== this.result.software;
  }

  /** Does a step in its share of the time, or in what is left of it, and notes what came of it. */
  private async step(
    name: string,
    share: number,
    action: (seconds: number) => Promise<Came>,
  ): Promise<void> {
    const begin = performance.now();
    const left = (this.end - begin) / 1000;
    const seconds = Math.min(left, (share * this.options.seconds) / wholeTime);
    let report: Came;
    if (left < 1) {
      report = { state: 'not run', said: 'the time is over' };
    } else {
      try {
        report = await action(seconds);
      } catch (error) {
        report = { state: 'failed', said: (error as Error).message };
      }
    }
    const taken = (performance.now() - begin) / 1000;
    this.result.steps.push({ name, seconds: taken, ...report });
    this.say(`${name}: ${report.state}, ${taken.toFixed(0)} s: ${report.said}`);
    writeJson(path.join(this.folder, 'results.json'), this.result);
    writeWhole(path.join(this.folder, 'report.md'), gpuReport(this.result));
  }

  private child(
    parameters: readonly string[],
    seconds: number,
    environment: Record<string, string> = {},
  ): Promise<ChildResult> {
    return runChild(process.execPath, parameters, { seconds, log: this.log, environment });
  }

  private installTorch(): Came {
    // What the benchmark then names as absent, where the installation fails.
    this.python = projectPython;
    return { state: 'passed', said: torchPython() };
  }

  private async findAdapter(seconds: number): Promise<Came> {
    // The loader's own words are what helps where no adapter is found.
    const environment = { VK_LOADER_DEBUG: 'error,warn,driver' };
    const script = path.join(__dirname, 'adapter.js');
    const { output, failure } = await this.child([script], seconds, environment);
    if (failure !== null) return { state: 'failed', said: failure };
    const adapter = JSON.parse(output.trim().split('\n').at(-1)!) as BackendDescription;
    this.result.adapter = adapter;
    if (this.webgpu) return { state: 'passed', said: adapter.device };
    const wanted = this.result.software
      ? 'software is asked for, and the adapter is hardware'
      : 'hardware is needed, or ask for --software';
    return { state: 'failed', said: `${wanted}: ${adapter.device}` };
  }

  private async verify(seconds: number): Promise<Came> {
    if (!this.webgpu) return withoutAdapter;
    const parameters = [program, 'verify', '--backend=webgpu', '--', ...this.options.golden];
    const { output, failure } = await this.child(parameters, seconds);
    const verdict = output.trim().split('\n').at(-1)!;
    const passed = failure === null && verdict.startsWith('verify: PASS');
    const said = verdict.startsWith('verify: ') ? verdict : (failure ?? 'it gave no verdict');
    return { state: passed ? 'passed' : 'failed', said };
  }

  private async test(seconds: number): Promise<Came> {
    if (!this.webgpu) return withoutAdapter;
    const files = backendTests();
    if (files.length === 0) return { state: 'not run', said: 'the compiled tests are not there' };
    const environment = { MMP_BACKEND: 'webgpu' };
    const { output, failure } = await this.child(
      mochaParameters(files, seconds),
      seconds,
      environment,
    );
    const counts = readTap(output);
    this.result.tests = counts;
    const passed = failure === null && counts.passed > 0;
    const numbers = `${counts.passed} passed, ${counts.failed.length} failed, ${counts.skipped.length} skipped`;
    return {
      state: passed ? 'passed' : 'failed',
      said:
        counts.failed.length > 0 || passed ? numbers : `${failure ?? 'no test ran'}; ${numbers}`,
    };
  }

  /** A task of the benchmark. */
  private async measure(name: string, seconds: number): Promise<Came> {
    const { software, rounds } = this.options;
    const { python } = this;
    const file = path.join(this.temporary, `${name}.json`);
    const parameters = [
      program,
      'bench',
      `--tasks=${name}`,
      ...(this.webgpu ? ['--backends=webgpu', '--backends=cuda'] : ['--backends=cuda']),
      `--torch=${software ? 'cpu' : 'cuda'}`,
      ...(python === undefined ? [] : [`--python=${python}`]),
      `--rounds=${rounds}`,
      `--queued-groups=${queuedGroups}`,
      // Two or three engines with one task or two each, and time to start them.
      `--seconds=${seconds / 8}`,
      `--patience=${seconds / 2}`,
      ...(profiledTasks.includes(name) ? ['--profile'] : []),
      `--output=${file}`,
    ];
    const { failure } = await this.child(parameters, seconds);
    let bench: BenchResult;
    try {
      bench = JSON.parse(readFileSync(file, 'utf8')) as BenchResult;
    } catch {
      return { state: 'failed', said: failure ?? 'the benchmark wrote no result' };
    }
    this.result.tasks.push(...bench.tasks);
    this.result.absent = bench.absent;
    const measurements = bench.tasks.flatMap((task) => task.measurements);
    const failed = measurements.find(({ error }) => error !== null);
    if (failed) return { state: 'failed', said: `${failed.engine}: ${failed.error}` };
    if (failure !== null) return { state: 'failed', said: failure };
    const measured = [...new Set(measurements.map(({ engine }) => engine))];
    const ours = measured.some((engine) => engine === 'webgpu' || engine === 'cuda');
    if (ours) return { state: 'passed', said: `measured: ${measured.join(', ')}` };
    return { state: 'failed', said: 'neither webgpu nor cuda runs here' };
  }
}

/** The command line of the steps; `mmp` itself needs packages that a bundle lacks. */
const program = path.join(__dirname, '..', 'main.js');

const withoutAdapter = { state: 'not run', said: 'WebGPU has not the adapter asked for' } as const;
