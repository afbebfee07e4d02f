/** What the benchmark prints. */
import Table from 'cli-table3';
import { agreementLimit, type Agreement } from './agreement.js';
import type { Growth } from './growth.js';
import type { Measurement } from './measure.js';
import { hardware } from './protocol.js';
import { ratioToTorch, summariseTimes } from './summary.js';

type Cell = string | number;

const kernelsShown = 15;

/** Rows under a header, numbers to the right. */
function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const colAligns = header.map((_, column) =>
    rows.every((row) => /^[\d\s.,%×–+-]*$/.test(String(row[column] ?? ''))) ? 'right' : 'left',
  );
  const drawn = new Table({
    head: [...header],
    colAligns,
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    // Colours would be control characters in a log.
    style: { head: [], border: [] },
  });
  drawn.push(...rows.map((row) => [...row]));
  return drawn.toString();
}

/** An engine as lines name it. */
export const engineLabel = (engine: string, threads: number) =>
  `${engine}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;

/** What is put behind the heading of times that are, some of them, of a program that acts as a GPU. */
export const softwareNote = (measurements: readonly Pick<Measurement, 'hardware'>[]): string =>
  measurements.some((one) => one.hardware === hardware.software) ? ' (WebGPU in software)' : '';

const absent = '–';
const number = (value: number | null | undefined, digits = 2) =>
  value == null ? absent : value.toFixed(digits);
const time = (milliseconds: number | undefined) =>
  milliseconds === undefined ? absent : milliseconds.toFixed(milliseconds < 100 ? 2 : 0);
const megabytes = (bytes: number | null | undefined) =>
  bytes == null ? absent : (bytes / 1e6).toFixed(1);

export const measurementLegend = `
steps: warm-up + timed; fewer where an engine ran out of its time for a task
× PyTorch: the median as a multiple of that of PyTorch on the same hardware, on a CPU with as many threads
queued ms (with --queued-groups): of a step, in groups of ten that are read together, as in training
tensors, tensor MB: the most alive at once, the task's own among them (TF.js)
resident MB: peak of the process, and what of it came after inputs and parameters were loaded`;

/**
 * @param samples how many samples a step takes; adds the column samples a second
 */
export function measurementTable(measurements: readonly Measurement[], samples?: number): string {
  const queued = measurements.some(({ queuedMilliseconds }) => queuedMilliseconds.length > 0);
  const header = [
    'engine',
    'threads',
    'steps',
    'median ms',
    'quartiles ms',
    '× PyTorch',
    ...(queued ? ['queued ms', '× PyTorch'] : []),
    'tensors',
    'tensor MB',
    'resident MB',
    'of it in steps',
    'kernels',
    ...(samples === undefined ? [] : ['samples/s']),
  ];
  const rows = measurements.map((measurement) => {
    const { residentPeakBytes: peak, residentLoadedBytes: loaded, profile } = measurement;
    const times = summariseTimes(measurement.milliseconds);
    return [
      measurement.engine,
      measurement.threads,
      `${measurement.warmUps} + ${measurement.milliseconds.length}`,
      time(times?.median),
      times ? `${time(times.lowerQuartile)} – ${time(times.upperQuartile)}` : absent,
      number(ratioToTorch(measurement, measurements)),
      ...(queued
        ? [
            time(summariseTimes(measurement.queuedMilliseconds)?.median),
            number(ratioToTorch(measurement, measurements, 'queuedMilliseconds')),
          ]
        : []),
      profile?.peakTensors ?? absent,
      megabytes(profile?.peakBytes),
      megabytes(peak),
      megabytes(peak === null || loaded === null ? null : peak - loaded),
      profile?.kernels ?? absent,
      ...(samples === undefined
        ? []
        : [times ? number((samples * 1000) / times.median, 0) : absent]),
    ];
  });
  const failures = measurements
    .filter(({ error }) => error !== null)
    .map(({ engine, threads, error }) => `${engineLabel(engine, threads)}: failed: ${error}`);
  return [table(header, rows), ...failures].join('\n');
}

export function agreementLines(agreements: readonly Agreement[]): string {
  return agreements
    .map(({ engine, threads, reference, first, later, steps, agrees }) => {
      const verdict = agrees ? '' : `  DISAGREES: more than ${agreementLimit}`;
      return (
        `losses of ${engineLabel(engine, threads)}, against ${reference}: relative difference ` +
        `${first.toExponential(1)} at first, ${later.toExponential(1)} ${steps} steps later${verdict}`
      );
    })
    .join('\n');
}

/** The kernels that took the most time in the profiled step. */
export function kernelTable({ engine, threads, profile }: Measurement): string {
  if (!profile) return `${engineLabel(engine, threads)}: no profile`;
  const total = profile.milliseconds;
  const sorted = [...profile.byKernel].sort((a, b) => b.milliseconds - a.milliseconds);
  const inKernels = sorted.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
  const row = (name: string, calls: Cell, milliseconds: number) => [
    name,
    calls,
    time(milliseconds),
    `${((100 * milliseconds) / total).toFixed(1)} %`,
  ];
  const rows = sorted
    .slice(0, kernelsShown)
    .map(({ name, calls, milliseconds }) => row(name, calls, milliseconds));
  const rest = sorted.slice(kernelsShown);
  if (rest.length > 0) {
    const calls = rest.reduce((sum, kernel) => sum + kernel.calls, 0);
    const milliseconds = rest.reduce((sum, kernel) => sum + kernel.milliseconds, 0);
    rows.push(row(`${rest.length} others`, calls, milliseconds));
  }
  rows.push(row('outside kernels', '', total - inKernels));
  const header = ['kernel', 'calls', 'ms', 'of the step'];
  return `${engineLabel(engine, threads)}: one step of ${time(total)} ms\n${table(header, rows)}`;
}

/** @param rounds the steps that every point should have; points with fewer are named */
export function growthTable({ letter, rows }: Growth, rounds: number): string {
  const sizes = rows[0]?.points.map(({ size }) => `${letter} ${size}: ms`) ?? [];
  const drawn = table(
    ['engine', 'threads', ...sizes, 'exponent'],
    rows.map(({ engine, threads, points, exponent }) => [
      engine,
      threads,
      ...points.map(({ median }) => time(median ?? undefined)),
      number(exponent),
    ]),
  );
  const short = rows.flatMap(({ engine, threads, points }) =>
    points
      .filter(({ steps }) => steps < rounds)
      .map(({ size, steps, error }) => {
        const reason = error === null ? 'out of its time' : `failed: ${error}`;
        return `${engineLabel(engine, threads)}, ${letter} ${size}: ${steps} timed steps, ${reason}`;
      }),
  );
  return [drawn, ...short].join('\n');
}

/** A row of the cost of MMP itself. */
export interface AddedCost {
  /** The letter of the task */
  readonly task: string;
  readonly engine: string;
  readonly threads: number;
  /** Milliseconds of a training step of the base network, and of the same with MMP */
  readonly base: number;
  readonly whole: number;
  /** What MMP adds, as a share of the latter */
  readonly share: number;
}

export function costTable(costs: readonly AddedCost[]): string {
  return table(
    ['task', 'engine', 'threads', 'base ms', 'with MMP ms', 'share of MMP'],
    costs.map(({ task, engine, threads, base, whole, share }) => [
      task,
      engine,
      threads,
      time(base),
      time(whole),
      `${(100 * share).toFixed(1)} %`,
    ]),
  );
}
