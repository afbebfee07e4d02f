/** The report of `mmp bench-gpu`, in Markdown: what it ran on, what passed, and the figures. */
import type { SummarisedMeasurement, TaskResult } from '../bench.js';
import { hardware } from '../protocol.js';
import type { TimeSummary } from '../summary.js';
import { engineLabel } from '../tables.js';
import { profiledTasks, type GpuBenchResult } from './run.js';

const kernelsShown = 15;
const absent = '–';

/** A table; a cell's line breaks and bars would end it. */
function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

const number = (value: number | null, digits = 2) =>
  value === null ? absent : value.toFixed(digits);
const milliseconds = (value: number) => value.toFixed(value < 100 ? 2 : 0);
const times = (summary: TimeSummary | null) =>
  summary === null
    ? absent
    : `${milliseconds(summary.median)} (${milliseconds(summary.lowerQuartile)} – ${milliseconds(summary.upperQuartile)})`;

export function gpuReport(result: GpuBenchResult): string {
  const note = result.software ? ' (software: no GPU has computed this)' : '';
  const heading = (level: number, text: string) => `${'#'.repeat(level)} ${text}${note}`;
  const { machine, tasks } = result;
  const parts = [
    heading(3, `Measured on ${subject(result)}, ${machine.date.slice(0, 10)}`),
    table(['what', 'which'], settings(result)),
    heading(4, 'Steps'),
    table(
      ['step', 'result', 'seconds', 'what came out'],
      result.steps.map(({ name, state, seconds, said }) => [name, state, seconds.toFixed(0), said]),
    ),
    testLines(result),
    absentLines(result),
  ];
  if (tasks.length > 0) {
    parts.push(
      heading(4, 'Speed'),
      legend,
      table(
        ['task', 'engine', 'on', 'single ms', '×', 'queued ms', '×', 'steps', 'kernels', 'loss'],
        tasks.flatMap(taskRows),
      ),
      tasks.map(({ name, title }) => `- (${name}): ${title}`).join('\n'),
    );
  }
  for (const task of tasks.filter(({ name }) => profiledTasks.includes(name))) {
    for (const measurement of task.measurements) {
      const { profile } = measurement;
      if (!profile) continue;
      parts.push(
        heading(4, `Kernels of (${task.name}), ${labelOf(measurement)}`),
        `One step, watched: ${milliseconds(profile.milliseconds)} ms; watching takes time of its own.`,
        table(['kernel', 'calls', 'ms'], kernelRows(profile.byKernel)),
      );
    }
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

/** What was measured, in the words of its driver. */
function subject({ software, gpus, adapter }: GpuBenchResult): string {
  if (software) return `WebGPU, ${adapter?.device ?? 'which does not run here'}`;
  const names = gpus.map(({ name, driver }) => `${name}, driver ${driver}`);
  if (names.length > 0) return names.join(' and ');
  return adapter?.gpu ? adapter.device : 'no GPU';
}

function settings(result: GpuBenchResult): string[][] {
  const { machine, adapter, gpus, versions, tasks } = result;
  const engines = new Map(
    tasks.flatMap(({ measurements }) =>
      measurements.map(({ engine, version, device }) => [engine, `${version}; ${device}`] as const),
    ),
  );
  const gpuText = gpus.map(({ name, driver, memory }) => `${name}, ${memory}, driver ${driver}`);
  return [
    ['date', machine.date],
    ['GPU (nvidia-smi)', gpuText.join('; ') || 'nvidia-smi finds none'],
    ['WebGPU', adapter?.device ?? 'does not run'],
    ...[...engines].map(([engine, text]) => [engine, text]),
    ['Node.js', machine.node],
    [
      'packages',
      Object.entries(versions)
        .map((entry) => entry.join(' '))
        .join(', '),
    ],
    [
      'machine',
      `${machine.processor}, ${machine.cores} cores, ${machine.system}, load ${machine.load.toFixed(1)}`,
    ],
    ['revision', result.revision],
  ];
}

function testLines({ tests }: GpuBenchResult): string {
  if (!tests) return '';
  const { failed, skipped } = tests;
  return [
    ...failed.map((name) => `- failed test: ${name}`),
    ...skipped.map((name) => `- skipped test: ${name}`),
  ].join('\n');
}

function absentLines({ absent: engines }: GpuBenchResult): string {
  return engines.map(({ name, reason }) => `- ${name} is absent: ${reason}`).join('\n');
}

const legend = `Medians of one step in milliseconds, with quartiles. *Single*: until its loss is read, each step by itself. *Queued*: in groups of ten that follow one another before they are read, as in training. ×: as a multiple of PyTorch on the same hardware; where that was not measured there is none. *Steps*: warm-up + timed. *Loss*: relative difference to the first engine, at first and after the updates.`;

function taskRows({ name, measurements, agreements }: TaskResult): string[][] {
  return measurements.map((measurement) => {
    const { engine, threads, profile } = measurement;
    const agreement = agreements.find((one) => one.engine === engine && one.threads === threads);
    const loss = agreement
      ? `${agreement.first.toExponential(1)}, ${agreement.later.toExponential(1)}${agreement.agrees ? '' : ' DISAGREES'}`
      : absent;
    return [
      `(${name})`,
      labelOf(measurement),
      measurement.hardware,
      times(measurement.times),
      number(measurement.ratioToTorch),
      times(measurement.queuedTimes),
      number(measurement.queuedRatioToTorch),
      stepsOf(measurement),
      profile?.kernels?.toString() ?? absent,
      loss,
    ];
  });
}

/** The threads of a GPU are its own. */
function labelOf({ engine, threads, hardware: on }: SummarisedMeasurement): string {
  return on === hardware.cpu ? engineLabel(engine, threads) : engine;
}

function stepsOf({ error, warmUps, milliseconds: timed }: SummarisedMeasurement): string {
  return error === null ? `${warmUps} + ${timed.length}` : `failed: ${error}`;
}

type KernelTimes = NonNullable<SummarisedMeasurement['profile']>['byKernel'];

function kernelRows(byKernel: KernelTimes): string[][] {
  const sorted = [...byKernel].sort((a, b) => b.milliseconds - a.milliseconds);
  const rest = sorted.slice(kernelsShown);
  const shown = sorted.slice(0, kernelsShown);
  if (rest.length > 0) {
    shown.push({
      name: `${rest.length} others`,
      calls: rest.reduce((sum, { calls }) => sum + calls, 0),
      milliseconds: rest.reduce((sum, kernel) => sum + kernel.milliseconds, 0),
    });
  }
  return shown.map(({ name, calls, milliseconds: time }) => [
    name,
    calls.toString(),
    milliseconds(time),
  ]);
}
