/** The curves of trainings: losses and learning rates by step. */
import type { Validation } from '../training/runs.js';
import type { TrainingRecord } from '../training/train.js';
import type { Figure } from './figure.js';
import { lines, smoothed, type Line } from './lines.js';

/** The steps of one training. */
export interface Curve {
  readonly name: string;
  readonly records: readonly TrainingRecord[];
}

export interface LossCurveOptions {
  readonly title: string;
  /** What the loss is */
  readonly yTitle?: string;
  /** Which loss, such as `alignment` */
  readonly loss?: string;
  /** Steps that each value is the mean of */
  readonly window?: number;
  /** Values to compare with, by name: level lines */
  readonly levels?: Readonly<Record<string, number>>;
  readonly height?: number;
}

/** A loss of a step. Where nothing else is asked of a network, the task loss is the total. */
export function lossOf({ losses }: TrainingRecord, name = 'task'): number | undefined {
  return losses[name] ?? (name === 'task' ? losses.total : undefined);
}

/** The losses of trainings by step, smoothed. */
export function lossCurves(curves: readonly Curve[], options: LossCurveOptions): Figure {
  const {
    title,
    loss = 'task',
    yTitle = `${loss} loss`,
    window = 20,
    levels = {},
    height,
  } = options;
  const drawn = curves.map(({ name, records }) => {
    const points = records.flatMap((record) => {
      const value = lossOf(record, loss);
      return value === undefined ? [] : [[record.step, value] as const];
    });
    const y = smoothed(
      points.map(([, value]) => value),
      window,
    );
    return thinned({ name, x: points.map(([step]) => step), y });
  });
  const series = drawn.filter(({ x }) => x.length > 0);
  const last = series.reduce((most, { x }) => Math.max(most, x.at(-1) ?? 0), 0);
  const level = Object.entries(levels).map(([name, y]) => ({ name, x: [0, last], y: [y, y] }));
  return lines([...series, ...level], {
    title,
    xTitle: 'step',
    yTitle: window > 1 ? `${yTitle}, mean of ${window} steps` : yTitle,
    height,
  });
}

/** The learning rates of trainings by step. */
export function rateCurves(curves: readonly Curve[], title: string): Figure {
  const series = curves.map(({ name, records }) =>
    thinned({
      name,
      x: records.map(({ step }) => step),
      y: records.map(({ learningRate }) => learningRate),
    }),
  );
  return lines(series, { title, xTitle: 'step', yTitle: 'learning rate' });
}

/** What validations between the steps of trainings found. */
export function validationCurves(
  curves: readonly { readonly name: string; readonly validations: readonly Validation[] }[],
  title: string,
): Figure {
  const series = curves.map(({ name, validations }) => ({
    name,
    x: validations.map(({ step }) => step),
    y: validations.map(({ loss }) => loss),
  }));
  return lines(series, { title, xTitle: 'steps', yTitle: 'validation loss', markers: true });
}

/** More points than a figure is wide cannot be told apart, and make it slow. */
const mostPoints = 1000;

/** Every so many points, and the last. */
function thinned({ name, x, y }: Line): Line {
  const every = Math.ceil(x.length / mostPoints);
  const isKept = (_: number, index: number) => index % every === 0 || index === x.length - 1;
  return { name, x: x.filter(isKept), y: y.filter(isKept) };
}
