/** Mean and spread over seeds. */

export interface Summary {
  readonly mean: number;
  /** Of the sample (n − 1); 0 for a single value */
  readonly deviation: number;
  /** Standard error of the mean */
  readonly error: number;
}

export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new Error('summarise: no values');
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  return { mean, deviation, error: deviation / Math.sqrt(values.length) };
}
