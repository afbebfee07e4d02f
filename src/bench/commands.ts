/** The commands that measure: part of `mmp`, and all that a bundle has (gpu/pack.ts). */
import path from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { limits, verify, worstOf } from '../evaluation/verify.js';
import { outcomeText, verdict } from '../evaluation/verifyReport.js';
import { projectRoot } from '../files/paths.js';
import { backendLine, backendRequests, useBackend } from '../tensor/backend.js';
import {
  benchTaskNames,
  defaultBenchFile,
  usualTaskNames,
  runBench,
  type BenchOptions,
} from './bench.js';
import { torchDevices } from './engines.js';
import { packBundle } from './gpu/pack.js';
import { defaultGpuFolder, runGpuBench, stepNames, type GpuBenchOptions } from './gpu/run.js';

export const measuringCommands = (): Command[] => [
  verifyCommand(),
  benchCommand(),
  benchGpuCommand(),
];

function verifyCommand(): Command {
  return new Command('verify')
    .description('compare the method, forward and backward, and base networks with golden cases')
    .argument(
      '<place...>',
      'a folder of golden cases, that of a base network, or the path of a case without the endings',
    )
    .option('--backend <name>', 'the backend that computes, as MMP_BACKEND')
    .action(async (places: string[], options: { backend?: string }) => {
      const description = await useBackend(options.backend);
      const limit = limits[description.name];
      console.log(backendLine(description));
      let worst = 0;
      for await (const outcome of verify(places)) {
        const print = 'failure' in outcome ? console.error : console.log;
        print(`\n${outcomeText(outcome, limit)}`);
        worst = Math.max(worst, worstOf(outcome));
      }
      console.log(`\n${verdict(worst, limit)}`);
      if (!(worst <= limit)) process.exitCode = 1;
    });
}

const pythonOption = () =>
  new Option('--python <path>', 'a Python that has PyTorch, used as it is').env('MMP_PYTHON');

function benchCommand(): Command {
  return new Command('bench')
    .description('measure MMP on every backend that runs here, against PyTorch')
    .option('--tasks <name...>', `of ${benchTaskNames.join(', ')}`, usualTaskNames)
    .addOption(
      new Option(
        '--backends <name...>',
        'only these TF.js backends; cuda and software by name only',
      ).choices(backendRequests),
    )
    .addOption(
      new Option('--torch <device...>', 'only these devices of PyTorch').choices(torchDevices),
    )
    .addOption(pythonOption())
    .option('--rounds <number>', 'timed steps of each engine', positive, 20)
    .option('--queued-groups <number>', 'also time so many groups of queued steps', positive)
    .option(
      '--seconds <number>',
      'time after which an engine goes on to the next task',
      positive,
      120,
    )
    .option('--patience <seconds>', 'the longest wait for a reply of an engine', positive)
    .option('--profile', 'print the kernels that take the most time')
    .option('--output <file>', 'where the JSON goes', defaultBenchFile)
    .action(async (options: BenchOptions) => {
      if (!(await runBench(options))) throw new Error('bench: the losses of the engines disagree');
    });
}

function benchGpuCommand(): Command {
  return new Command('bench-gpu')
    .description('verify, test and measure MMP on a GPU, against PyTorch on the same GPU')
    .argument('[folder]', 'where the results go', defaultGpuFolder)
    .option('--software', 'on WebGPU in software, against PyTorch on the CPU: to try this command')
    .option('--only <step...>', `of ${stepNames.join(', ')}`, stepNames)
    .addOption(pythonOption())
    .option('--rounds <number>', 'timed steps of each engine', positive, 50)
    .option('--seconds <number>', 'time for everything', positive, 570)
    .option('--golden <place...>', 'the golden cases', [
      path.join(projectRoot, 'test', 'fixtures', 'golden', 'mmp'),
    ])
    .option('--pack <file>', 'make a bundle instead that does this on a machine without npm')
    .action(async (folder: string, options: GpuBenchOptions & { pack?: string }) => {
      if (options.pack !== undefined) {
        await packBundle(options.pack, console.log);
      } else if (!(await runGpuBench(folder, options))) {
        process.exitCode = 1;
      }
    });
}

/** A positive number from the command line. */
export function positive(text: string): number {
  const value = Number(text);
  // Commander names the option with it.
  if (!(value > 0)) throw new InvalidArgumentError('A positive number is expected.');
  return value;
}

/** A positive whole number from the command line. */
export function wholeNumber(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('A whole number is expected.');
  return value;
}
