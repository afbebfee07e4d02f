/** `mmp evaluate`: whole runs measured, and set side by side. */
import path from 'node:path';
import { Command, Option } from 'commander';
import { positive, wholeNumber } from '../bench/commands.js';
import { splitNames, type SplitName } from '../data/dataset.js';
import {
  evaluationFigure,
  evaluationReport,
  taskOf,
  type Evaluated,
} from '../evaluation/evaluationReport.js';
import type { MultiScale } from '../evaluation/multiScale.js';
import { commonTask, metricsOf } from '../evaluation/taskMetrics.js';
import { writeWhole } from '../files/write.js';
import { track } from '../notebook/track.js';
import { figurePage } from '../site/figurePage.js';
import { backendLine, useBackend } from '../tensor/backend.js';
import { chooseRuns } from '../training/findRuns.js';
import { evaluateRun, expectMeasurable, multiScaleMark } from './evaluateRun.js';
import { loadData } from './model.js';
import { fileNameOf } from './runs/fileName.js';
import { runsOption } from './runs/option.js';
import { readRunConfig } from './trainRun.js';

interface EvaluateCommand {
  readonly runs: string;
  readonly split: SplitName;
  readonly table: string[];
  readonly missingFile: string[];
  readonly scales?: number[];
  readonly flip?: boolean;
  readonly resamples: number;
  readonly seed: number;
  readonly backend?: string;
  readonly output?: string;
}

export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('measure whole runs with every set of available modalities, side by side')
    .argument('<run...>', 'names of runs, or of folders of runs')
    .addOption(runsOption())
    .addOption(new Option('--split <name>', 'the samples').choices(splitNames).default('test'))
    .option(
      '--table <shares...>',
      'missing tables besides those of the paper, such as "words=0.35,openmoji+twemoji=0.35"',
      [],
    )
    .option(
      '--missing-file <file...>',
      'missing tables of Lee et al. (2023) for these samples, from mmp convert',
      [],
    )
    .option(
      '--scales <number...>',
      'segmentation: mean answers in images of these sizes, such as 0.5 1 1.5',
      (text, before?: readonly number[]) => [...(before ?? []), positive(text)],
    )
    .option('--flip', 'segmentation: mean answers with those in mirrored images')
    .option('--resamples <number>', 'draws of a bootstrap interval', wholeNumber, 1000)
    .option('--seed <number>', 'decides which samples lack what, and the draws', wholeNumber, 1)
    .option('--backend <name>', 'the backend that computes, as MMP_BACKEND')
    .option('--output <folder>', 'where the report goes, if elsewhere')
    .action(
      async (
        names: string[],
        { runs, table: tables, missingFile: missingFiles, ...options }: EvaluateCommand,
      ) => {
        const chosen = chooseRuns(runs, names);
        const multiScale = multiScaleOf(options);
        for (const name of chosen) expectMeasurable(path.join(runs, name), multiScale);
        expectOneTask(runs, chosen);
        console.log(backendLine(await useBackend(options.backend)));
        const evaluated: Evaluated[] = [];
        for (const name of track(chosen, { label: 'runs' })) {
          const folder = path.join(runs, name);
          const asked = { ...options, tables, missingFiles, multiScale };
          evaluated.push({ name, evaluation: await evaluateRun(folder, asked) });
        }
        const usual = [fileNameOf(chosen), ...(multiScale ? [multiScaleMark(multiScale)] : [])];
        const output = options.output ?? path.join(runs, 'evaluations', usual.join('-'));
        console.log(`\n${writeReport(output, chosen.join(', '), evaluated)}`);
        for (const file of ['report.md', 'report.html']) console.log(path.join(output, file));
      },
    );
}

/** Several sizes or a mirror, where they are asked for */
function multiScaleOf({
  scales,
  flip = false,
}: Pick<EvaluateCommand, 'scales' | 'flip'>): MultiScale | undefined {
  return scales || flip ? { scales: scales ?? [1], flip } : undefined;
}

/** @throws Error naming a run whose task is a classification and one whose is a regression */
function expectOneTask(runs: string, names: readonly string[]): void {
  const configs = names.map((name) => ({ name, config: readRunConfig(path.join(runs, name)) }));
  const byData = new Map(configs.map((one) => [one.config.data.name, one]));
  // The same data are the same task.
  if (byData.size === 1) return;
  const tasks = [...byData.values()].map(({ name, config }) => {
    const { task = 'classification' } = loadData(config);
    return { name, task };
  });
  commonTask(tasks);
}

/**
 * Writes the tables and the heat maps of an evaluation.
 *
 * @returns the tables, in Markdown
 */
function writeReport(folder: string, title: string, evaluated: readonly Evaluated[]): string {
  const report = evaluationReport(evaluated);
  const figures = metricsOf(taskOf(evaluated)).map((metric) => evaluationFigure(evaluated, metric));
  writeWhole(path.join(folder, 'report.md'), report);
  writeWhole(path.join(folder, 'report.html'), figurePage(title, '', figures));
  return report;
}
