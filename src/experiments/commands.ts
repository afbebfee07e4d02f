/** The commands that train and look at runs. */
import path from 'node:path';
import { Command, Option } from 'commander';
import { abortedBySignals } from '../files/signals.js';
import { Progress } from '../notebook/progress.js';
import { backendLine, backendRequests, useBackend } from '../tensor/backend.js';
import { runState } from '../training/runs.js';
import { methods, resolveRun, type RunConfig } from './config.js';
import { parseYaml, readOptions, withOption, type RawOptions } from './configFile.js';
import { evaluateCommand } from './evaluateCommand.js';
import { planOf, planText } from './plan.js';
import { runsCommand } from './runs/commands.js';
import { runsOption } from './runs/option.js';
import { readRunConfig, readRunEnvironment, trainRun } from './trainRun.js';

export const runCommands = (): Command[] => [trainCommand(), evaluateCommand(), runsCommand()];

/** Options that stand for a key of the configuration. */
const shortcuts: readonly (readonly [flags: string, key: string, text: string])[] = [
  ['--method <name>', 'method', `one of ${methods.join(', ')}`],
  ['--label <text>', 'label', 'what tables call it'],
  ['--from <run>', 'from', 'the run whose base network it starts from'],
  ['--freeze-base', 'freezeBase', 'train only what projects tokens'],
  ['--refine <variant>', 'mmp.refine', 'tokens or aggregated (D1)'],
  ['--masking <policy>', 'masking.kind', 'uniform, independent or scenarios (D9)'],
  ['--alignment <weight>', 'loss.alignment', 'λ (D6)'],
  ['--steps <number>', 'budget.steps', 'updates of the parameters'],
  ['--batch-size <number>', 'budget.batchSize', 'samples of a batch'],
  ['--learning-rate <rate>', 'optimiser.learningRate', 'the highest rate of the base network'],
  ['--seed <number>', 'seed', 'decides every draw'],
  ['--backend <name>', 'backend', `one of ${backendRequests.join(', ')}`],
];

interface TrainCommand extends Record<string, unknown> {
  readonly set: string[];
  readonly name?: string;
  readonly runs: string;
  readonly resume?: boolean;
  readonly dryRun?: boolean;
}

function trainCommand(): Command {
  const command = new Command('train')
    .description('train one run, or go on with one that was killed')
    .argument('[file]', 'its configuration, YAML or JSON');
  for (const [flags, , text] of shortcuts) command.option(flags, text);
  return command
    .option('--set <key=value...>', 'any other key, such as optimiser.betas="[0.9, 0.98]"', [])
    .option('--name <name>', 'the name of its folder; from label and seed, when it is not said')
    .addOption(runsOption())
    .option('--resume', 'go on with the run of this name')
    .option('--dry-run', 'check everything, print the plan and stop')
    .action(async (file: string | undefined, options: TrainCommand) => {
      const asked = optionsOf(file, options);
      const { config, name, runs, resume, backend } = chosenRun(asked, options, file ?? 'options');
      console.log(backendLine(await useBackend(backend)));
      if (options.dryRun) {
        console.log(planText(await planOf(config, { runs, name, resume })));
        return;
      }
      let progress: Progress | undefined;
      const signal = abortedBySignals();
      const training = trainRun(config, {
        runs,
        name,
        resume,
        signal,
        onWarning: (warning) => {
          console.warn(warning);
        },
        onProgress: (records, done, total) => {
          // What the first steps took is not known; the pace is that of the others.
          progress ??= new Progress(name, done);
          progress.update(done, total, `loss ${records.at(-1)!.losses.total!.toFixed(4)}`);
        },
      });
      try {
        await training;
      } catch (error) {
        progress?.stop();
        if (signal.aborted) console.log(`${path.join(runs, name)} goes on with --resume`);
        throw error;
      }
      progress?.finish();
      console.log(path.join(runs, name));
    });
}

/** What the file and the command line ask for. */
function optionsOf(file: string | undefined, flags: TrainCommand): RawOptions {
  let options = file === undefined ? {} : readOptions(file);
  for (const [flag, key] of shortcuts) {
    const value = flags[new Option(flag).attributeName()];
    if (value === undefined) continue;
    options = withOption(options, key, typeof value === 'string' ? parseYaml(value, flag) : value);
  }
  for (const assignment of flags.set) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
    if (key === undefined || value === undefined) {
      throw new Error(`--set: expected key=value, got "${assignment}"`);
    }
    options = withOption(options, key, parseYaml(value, `--set ${key}`));
  }
  return options;
}

/** The run that is meant: a new one, or one that is there, on the backend on which it was begun. */
function chosenRun(
  asked: RawOptions,
  { runs, resume = false, name }: TrainCommand,
  source: string,
) {
  const isNamed = resume && Object.keys(asked).length === 0;
  if (isNamed && name === undefined) throw new Error('--resume: say which run by --name');
  const config = isNamed ? readRunConfig(path.join(runs, name!)) : resolveRun(asked, source);
  const chosen = name ?? nameOf(config);
  const begun = resume && runState(path.join(runs, chosen)) !== 'absent';
  const environment = begun ? readRunEnvironment(path.join(runs, chosen)) : undefined;
  const backend = config.backend ?? environment?.backend.name;
  return { config, name: chosen, runs, resume, backend };
}

/** The name of a run's folder, when it is not said. */
const nameOf = ({ label, seed }: RunConfig): string =>
  `${label.replaceAll(/[^a-zA-Z0-9]+/g, '-')}-${seed}`;
