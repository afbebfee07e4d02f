/** How close projected tokens and the predictions made with them come to the real ones. */

/** The cosine of the angle between two vectors, in −1 … 1. */
export function cosineSimilarity(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    throw new Error(`cosineSimilarity: ${a.length} numbers against ${b.length}`);
  }
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>) =>
    Array.from(x).reduce((sum, value, index) => sum + value * y[index]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/**
 * Mean cosine similarity per class between the logits with real and with projected tokens, as in the
 * paper's Figures S1 and S2.
 *
 * @param real one row of logits per sample
 * @param projected the same samples' rows
 * @param labels the samples' classes
 * @returns class → similarity, of classes that have samples
 */
export function similarityByClass(
  real: readonly Float32Array[],
  projected: readonly Float32Array[],
  labels: readonly number[],
): Map<number, number> {
  const sums = new Map<number, { total: number; count: number }>();
  labels.forEach((label, sample) => {
    const entry = sums.get(label) ?? { total: 0, count: 0 };
    entry.total += cosineSimilarity(real[sample]!, projected[sample]!);
    entry.count++;
    sums.set(label, entry);
  });
  return new Map([...sums].map(([label, { total, count }]) => [label, total / count]));
}

/** Mean squared error between tokens, as in the paper's Figure S3. */
export function meanSquaredError(real: ArrayLike<number>, projected: ArrayLike<number>): number {
  if (real.length !== projected.length) {
    throw new Error(`meanSquaredError: ${real.length} numbers against ${projected.length}`);
  }
  let sum = 0;
  for (let index = 0; index < real.length; index++) sum += (real[index]! - projected[index]!) ** 2;
  return sum / real.length;
}
