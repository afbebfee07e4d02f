/** Numbers that are none. */

/** A loss or parameter was no finite number; what training makes from then on is of no use. */
export class NotFinite extends Error {
  constructor(
    readonly step: number,
    what: string,
    value: number,
  ) {
    super(`training stopped: ${what} is ${value} at step ${step}`);
  }
}

/** The first value that is not finite. */
export const firstNotFinite = (values: Float32Array): number | undefined =>
  values.find((value) => !Number.isFinite(value));
