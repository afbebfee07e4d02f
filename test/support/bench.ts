/** Measurements of the benchmark made up for a test. */
import type { Measurement } from '../../src/bench/measure.js';

/** A measurement with these values and nothing else. */
export function measurementOf(values: Partial<Measurement>): Measurement {
  return {
    engine: 'wasm',
    threads: 1,
    hardware: 'cpu',
    device: 'a test',
    version: '0',
    warmUps: 0,
    milliseconds: [],
    queuedMilliseconds: [],
    values: [],
    residentLoadedBytes: null,
    residentPeakBytes: null,
    profile: null,
    error: null,
    ...values,
  };
}
