import assert from 'node:assert/strict';
import {
  addedShare,
  growthExponent,
  ratioToTorch,
  summariseTimes,
} from '../../src/bench/summary.js';
import { measurementOf } from '../support/bench.js';

describe('the figures of the benchmark', () => {
  it('median and quartiles of known values', () => {
    assert.deepEqual(summariseTimes([9, 1, 5, 3, 7, 2, 8, 4, 6]), {
      median: 5,
      lowerQuartile: 3,
      upperQuartile: 7,
    });
    assert.equal(summariseTimes([4, 1])?.median, 2.5);
    assert.equal(summariseTimes([]), null);
  });

  it('the exponent of a power is found, whatever its factor', () => {
    const sizes = [2, 3, 4, 6];
    for (const power of [0, 1, 1.5, 2]) {
      const costs = sizes.map((size) => 7 * size ** power);
      assert.ok(Math.abs(growthExponent(sizes, costs) - power) < 1e-12, `power ${power}`);
    }
    // Logarithms 0, 1, 2 against 0, 1, 0: the least-squares slope is 0.
    assert.ok(Math.abs(growthExponent([1, Math.E, Math.E ** 2], [1, Math.E, 1])) < 1e-12);
    assert.throws(() => growthExponent([2], [1]), /1 costs for 1 sizes/);
  });

  it('the ratio is to PyTorch with as many threads', () => {
    const all = [
      measurementOf({ engine: 'PyTorch', threads: 1, milliseconds: [10] }),
      measurementOf({ engine: 'PyTorch', threads: 2, milliseconds: [4] }),
      measurementOf({ engine: 'wasm', threads: 2, milliseconds: [8] }),
      measurementOf({ engine: 'tensorflow', threads: 4, milliseconds: [8] }),
      measurementOf({ engine: 'cpu', threads: 1, milliseconds: [] }),
    ];
    assert.deepEqual(
      all.map((measurement) => ratioToTorch(measurement, all)),
      [1, 1, 2, null, null],
    );
  });

  it('the ratio is to PyTorch on the same hardware, and to nothing where that is absent', () => {
    const gpu = { hardware: 'gpu nvidia', threads: 1 };
    const all = [
      measurementOf({ engine: 'PyTorch', threads: 1, milliseconds: [100] }),
      measurementOf({ ...gpu, engine: 'webgpu', milliseconds: [6], queuedMilliseconds: [4] }),
      // TensorFlow tells the number of cores on a GPU, too.
      measurementOf({ ...gpu, engine: 'cuda', threads: 8, milliseconds: [9] }),
      measurementOf({ engine: 'webgpu', hardware: 'software', milliseconds: [1000] }),
      measurementOf({ engine: 'webgpu', hardware: 'gpu intel', milliseconds: [50] }),
    ];
    const ratios = (measurements: typeof all) =>
      measurements.map((measurement) => ratioToTorch(measurement, measurements));
    assert.deepEqual(ratios(all), [1, null, null, null, null]);
    const torch = { ...gpu, engine: 'PyTorch cuda', milliseconds: [3], queuedMilliseconds: [1] };
    const withTorch = [...all, measurementOf(torch)];
    assert.deepEqual(ratios(withTorch), [1, 2, 3, null, null, 1]);
    assert.equal(ratioToTorch(all[1]!, withTorch, 'queuedMilliseconds'), 4);
    assert.equal(ratioToTorch(all[2]!, withTorch, 'queuedMilliseconds'), null);
  });

  it('what MMP adds is a share of the whole step', () => {
    assert.equal(addedShare(3, 4), 0.25);
    assert.equal(addedShare(5, 4), -0.25);
  });
});
