/** How the learning rate changes over the steps of a training. */

/** The learning rate at step 0, 1, … */
export type Schedule = (step: number) => number;

export interface WarmupPolynomialOptions {
  /** The highest rate, reached when the warm-up ends */
  readonly peak: number;
  readonly warmupSteps: number;
  /** Where the decay reaches zero; DELIVER's is an epoch behind the end of the training. */
  readonly totalSteps: number;
  /** Share of the peak that the warm-up starts from; the paper's is 0.1 */
  readonly start?: number;
  /** The paper's is 0.9 */
  readonly power?: number;
}

/**
 * Linear warm-up from `start · peak`, then polynomial decay to zero, as the paper trains
 * (supplement; DELIVER's `WarmupPolyLR`).
 *
 * @throws Error when the warm-up does not end before the training does
 */
export function warmupPolynomial(options: WarmupPolynomialOptions): Schedule {
  const { peak, warmupSteps, totalSteps, start = 0.1, power = 0.9 } = options;
  if (!(warmupSteps >= 0 && warmupSteps < totalSteps)) {
    throw new Error(
      `warmupPolynomial: warmupSteps must be in 0 … ${totalSteps - 1}, got ${warmupSteps}`,
    );
  }
  return (step) => {
    if (step < warmupSteps) return peak * (start + (1 - start) * (step / warmupSteps));
    const progress = (step - warmupSteps) / (totalSteps - warmupSteps);
    return peak * Math.max(0, 1 - progress) ** power;
  };
}

/** Linear warm-up from zero, then linear decay to zero, as transformers are trained. */
export function warmupLinear(
  options: Pick<WarmupPolynomialOptions, 'peak' | 'warmupSteps' | 'totalSteps'>,
): Schedule {
  return warmupPolynomial({ ...options, start: 0, power: 1 });
}

/** The same rate at every step. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate;
