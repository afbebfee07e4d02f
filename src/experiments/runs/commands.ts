/** The commands that look at runs. */
import path from 'node:path';
import { Command, Option } from 'commander';
import { wholeNumber } from '../../bench/commands.js';
import { commonTask, metricsOf } from '../../evaluation/taskMetrics.js';
import { figureSvg } from '../../figures/render.js';
import { writeWhole } from '../../files/write.js';
import { writeFigure } from '../../notebook/figureFile.js';
import { tableText } from '../../notebook/table.js';
import { figurePage } from '../../site/figurePage.js';
import { chooseRuns, expectRuns } from '../../training/findRuns.js';
import { readRecords, readValidations, runState } from '../../training/runs.js';
import { taskOfRun } from '../config.js';
import { readRunConfig, readRunResults } from '../trainRun.js';
import { compare, startingWith, withMean } from './compare.js';
import { compareText, markdownTable } from './compareText.js';
import { readEvaluated } from './evaluated.js';
import { fileNameOf } from './fileName.js';
import { groupsByKey, groupsByLabel, type ComparedRun } from './groups.js';
import { listText, sorted, sortKeys, type SortKey } from './list.js';
import { runsOption } from './option.js';
import { plotRuns, type PlottedRun } from './plot.js';
import { summaryOf } from './summary.js';

export const runsCommand = (): Command =>
  new Command('runs')
    .description('look at runs')
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(compareCommand())
    .addCommand(plotCommand());

interface ListCommand {
  readonly runs: string;
  readonly sort: SortKey;
  readonly json?: boolean;
}

const listCommand = (): Command =>
  new Command('list')
    .description('a table of all runs, also of those under way')
    .argument('[start...]', 'only those whose names begin so')
    .addOption(runsOption())
    .addOption(
      new Option('--sort <key>', 'what they are sorted by').choices(sortKeys).default('name'),
    )
    .option('--json', 'as JSON, and nothing else')
    .action((starts: string[], { runs, sort, json }: ListCommand) => {
      const all = expectRuns(runs);
      const chosen = all.filter((name) => startsWithOne(name, starts));
      if (chosen.length === 0) {
        throw new Error(`no run in ${runs} begins with ${starts.join(' or ')}`);
      }
      const summaries = sorted(
        chosen.map((name) => summaryOf(runs, name)),
        sort,
      );
      console.log(json ? jsonText(summaries) : listText(summaries));
    });

const startsWithOne = (name: string, starts: readonly string[]): boolean =>
  starts.length === 0 || starts.some((start) => name.startsWith(start));

interface CompareCommand {
  readonly runs: string;
  readonly groupBy?: string;
  readonly reference?: string;
  readonly evaluated?: boolean;
  readonly metric?: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

const compareCommand = (): Command =>
  new Command('compare')
    .description('in what runs differ, and their accuracies beside each other')
    .argument('<run...>', 'names of runs, or of folders of runs')
    .addOption(runsOption())
    .option('--group-by <key>', 'take runs with the same value of this key for seeds of one')
    .option('--reference <name>', 'what the others are compared with; the first, if not said')
    .option('--evaluated', 'what "evaluate" measured on the test split, missing tables as well')
    .addOption(
      new Option(
        '--metric <name>',
        'of what "evaluate" measured, this instead of the first',
      ).implies({ evaluated: true }),
    )
    .addOption(new Option('--json', 'as JSON, and nothing else').conflicts('markdown'))
    .option('--markdown', 'as tables in Markdown')
    .action((names: string[], { runs, groupBy, reference, ...options }: CompareCommand) => {
      const { evaluated, metric: wanted, json, markdown } = options;
      const chosen = chooseRuns(runs, names);
      const { compared, metric } = evaluated
        ? readEvaluated(runs, chosen, wanted)
        : readWhole(runs, chosen);
      if (compared.length < 2) {
        throw new Error(`there is nothing to compare ${compared[0]!.name} with; name another run`);
      }
      const groups =
        groupBy === undefined ? groupsByLabel(compared) : groupsByKey(compared, groupBy);
      const ordered = reference === undefined ? groups : startingWith(reference, groups);
      const comparison = compare(compared, ordered, metric);
      const tableOf = markdown ? markdownTable : tableText;
      console.log(json ? jsonText(comparison) : compareText(comparison, tableOf));
    });

/** Runs by their results, which are of the primary metric of their task. */
function readWhole(runs: string, names: readonly string[]) {
  const compared = names.map((name) => readCompared(runs, name));
  const task = commonTask(compared.map(({ name, config }) => ({ name, task: taskOfRun(config) })));
  return { compared, metric: metricsOf(task)[0] };
}

function readCompared(runs: string, name: string): ComparedRun {
  const folder = path.join(runs, name);
  const config = readRunConfig(folder);
  if (runState(folder) !== 'whole') return { name, config };
  return { name, config, scores: withMean(readRunResults(folder).test) };
}

interface PlotCommand {
  readonly runs: string;
  readonly output?: string;
  readonly loss?: string;
  readonly window: number;
  readonly svg?: boolean;
}

const plotCommand = (): Command =>
  new Command('plot')
    .description('draw losses and learning rates into one HTML file, also of runs under way')
    .argument('<run...>', 'names of runs, or of folders of runs')
    .addOption(runsOption())
    .option('--output <file>', 'the HTML file; below plots in the folder of all runs, if not said')
    .option('--loss <name>', 'only this loss, such as task')
    .option('--window <steps>', 'steps that each loss is the mean of', wholeNumber, 20)
    .option('--svg', 'each figure as an SVG file, too')
    .action(async (names: string[], options: PlotCommand) => {
      const chosen = chooseRuns(options.runs, names);
      const plotted = chosen.map((name) => readPlotted(options.runs, name));
      const figures = plotRuns(plotted, options);
      const title = chosen.join(', ');
      const file = options.output ?? path.join(options.runs, 'plots', `${fileNameOf(chosen)}.html`);
      const steps = plotted.map(({ name, records }) => `${name}: ${records.length} steps`);
      writeWhole(file, figurePage(title, steps.join(' · '), figures));
      console.log(file);
      if (!options.svg) return;
      for (const figure of figures) {
        const svg = await figureSvg(figure);
        const folder = path.join(path.dirname(file), path.basename(file, '.html'));
        console.log(writeFigure(figure.layout.title.text, svg, folder));
      }
    });

function readPlotted(runs: string, name: string): PlottedRun {
  const folder = path.join(runs, name);
  return { name, records: readRecords(folder), validations: readValidations(folder) };
}

const jsonText = (value: unknown): string => JSON.stringify(value, null, 2);
