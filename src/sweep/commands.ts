/** The commands of sweeps. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { positive, wholeNumber } from '../bench/commands.js';
import { runsOption } from '../experiments/runs/option.js';
import { abortedBySignals } from '../files/signals.js';
import type { SweepCommand } from './sweep.js';

export const sweepCommands = (): Command[] => [sweepCommand(), workerCommand()];

const redisOption = () =>
  new Option('--redis <url>', 'the Redis server, redis://:password@host:6379').env('MMP_REDIS');

const queueOption = () =>
  new Option('--queue <name>', 'a name that sweeps and their workers have in common')
    .default('runs')
    .argParser((name: string) => {
      if (/^[\w.-]+$/.test(name)) return name;
      throw new InvalidArgumentError('Letters, digits, ".", "_" and "-" are expected.');
    });

const jobsOption = () =>
  new Option(
    '--jobs <number>',
    'runs at a time; otherwise one a core, or one where a run has the whole machine',
  ).argParser(wholeNumber);

// What does the work is loaded when it is needed: the other commands need not wait for it.

function sweepCommand(): Command {
  return new Command('sweep')
    .description('train many runs of one experiment, here or by the workers of a Redis server')
    .argument('<file>', 'what to run, such as data/sweeps/heads.yaml')
    .addOption(runsOption())
    .addOption(jobsOption())
    .addOption(redisOption())
    .addOption(queueOption())
    .action(async (file: string, options: SweepCommand) => {
      const { sweep } = await import('./sweep.js');
      await sweep(file, options);
    });
}

interface WorkerCommand {
  readonly redis: string;
  readonly queue: string;
  readonly runs: string;
  readonly jobs?: number;
  readonly stalledAfter: number;
}

function workerCommand(): Command {
  return new Command('worker')
    .description('train the runs of sweeps that are started with the same Redis and the same runs')
    .addOption(redisOption().makeOptionMandatory())
    .addOption(runsOption())
    .addOption(jobsOption())
    .addOption(queueOption())
    .option(
      '--stalled-after <seconds>',
      'how long without a sign of life until its runs go to others',
      positive,
      30,
    )
    .action(async ({ jobs, stalledAfter, ...options }: WorkerCommand) => {
      const { usualSize } = await import('./pool.js');
      const { work } = await import('./worker.js');
      const signal = abortedBySignals();
      await work({
        ...options,
        size: jobs ?? (await usualSize([undefined])),
        stalledSeconds: stalledAfter,
        signal,
        tell: console.log,
      });
      // To be stopped is what a worker is for in the end; what keeps trying to connect ends with it.
      process.exit(0);
    });
}
