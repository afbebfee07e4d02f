/** The curves of runs: losses, learning rates, validation losses. */
import { lossCurves, rateCurves, validationCurves, type Curve } from '../../figures/curves.js';
import type { Figure } from '../../figures/figure.js';
import type { Validation } from '../../training/runs.js';

/** What is drawn of a run, of one under way too. */
export interface PlottedRun extends Curve {
  readonly validations: readonly Validation[];
}

export interface PlotOptions {
  /** Only this loss, instead of all */
  readonly loss?: string;
  /** Steps that each loss is the mean of */
  readonly window: number;
}

/** @throws Error when the runs have no steps, or none has the loss */
export function plotRuns(runs: readonly PlottedRun[], { loss, window }: PlotOptions): Figure[] {
  const names = new Set(runs.flatMap(({ records }) => Object.keys(records[0]?.losses ?? {})));
  if (names.size === 0) throw new Error('there is nothing to plot: no run has a step yet');
  if (loss !== undefined && !names.has(loss)) {
    throw new Error(`--loss ${loss}: no run has this loss; there are ${[...names].join(', ')}`);
  }
  const losses = loss === undefined ? [...names] : [loss];
  const validated = runs.filter(({ validations }) => validations.length > 0);
  return [
    ...losses.map((name) =>
      lossCurves(runs, { title: `The ${name} loss in training`, loss: name, window }),
    ),
    rateCurves(runs, 'The learning rate of the base network'),
    ...(validated.length > 0 ? [validationCurves(validated, 'The loss in validation')] : []),
  ];
}
