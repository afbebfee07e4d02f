/** The check of a backend catches what is wrong: proven on a backend whose kernels are spoilt. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask } from '../../src/doctor/ask.js';
import { judge } from '../../src/doctor/backends.js';
import { backendReplySchema } from '../../src/doctor/checks/backend.js';
import {
  exactProducts,
  makeFactors,
  productErrors,
  type Factors,
} from '../../src/doctor/checks/products.js';
import { runProgram } from '../../src/doctor/run.js';
import { probeOf } from '../support/doctor.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('the product and gradient that backends are checked by', () => {
  it('are those of a small case by hand', () => {
    const matrix = (shape: number[], ...values: number[]) => ({
      shape,
      values: Float32Array.from(values),
    });
    const exact = exactProducts({
      left: matrix([1, 2], 2, 3),
      right: matrix([2, 2], 1, -1, 4, 5),
      weights: matrix([1, 2], 10, 100),
    });
    assert.deepEqual(exact, {
      product: { shape: [1, 2], values: Float64Array.of(14, 13) },
      // 10·1 − 100·1 and 10·4 + 100·5
      leftGradient: { shape: [1, 2], values: Float64Array.of(-90, 540) },
      rightGradient: { shape: [2, 2], values: Float64Array.of(20, 200, 30, 300) },
    });
  });

  it('fit finite differences', () => {
    const factors = makeFactors();
    const exact = exactProducts(factors);
    const weighted = (changed: Partial<Factors>) =>
      [...exactProducts({ ...factors, ...changed }).product.values].reduce(
        (sum, value, place) => sum + value * factors.weights.values[place]!,
        0,
      );
    for (const [name, gradient] of [
      ['left', exact.leftGradient],
      ['right', exact.rightGradient],
    ] as const) {
      const { shape, values } = factors[name];
      assert.deepEqual(gradient.shape, shape);
      for (const place of [0, 30, 200, values.length - 1]) {
        const moved = (by: number) => {
          const others = Float64Array.from(values);
          others[place]! += by;
          return weighted({ [name]: { shape, values: others } });
        };
        // The function is linear in each factor, so the step may be large.
        const slope = moved(0.5) - moved(-0.5);
        assert.ok(Math.abs(slope - gradient.values[place]!) < 1e-9, `${name} ${place}`);
      }
    }
  });

  it('the current backend computes', async () => {
    const factors = makeFactors();
    const { productError, gradientError } = await productErrors(factors, exactProducts(factors));
    assert.ok(productError < 1e-6 && gradientError < 1e-6, `${productError}, ${gradientError}`);
  });
});

describe('a backend whose kernels are spoilt', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });

  /**
   * What the doctor says of the cpu backend when its matrix products are changed.
   *
   * @param change of the values, where the product is one of transposed factors (`turned`) or not
   */
  async function judged(change: string) {
    const spoil = path.join(folder, 'spoil.cjs');
    const tfFile = path.join(__dirname, '..', '..', 'src', 'tensor', 'tf.js');
    writeFileSync(
      spoil,
      `const { tf } = require(${JSON.stringify(tfFile)});
      const kernel = tf.getKernel('BatchMatMul', 'cpu');
      tf.unregisterKernel('BatchMatMul', 'cpu');
      tf.registerKernel({ ...kernel, kernelFunc: (call) => {
        const made = kernel.kernelFunc(call);
        const values = call.backend.data.get(made.dataId).values;
        const turned = call.attrs.transposeA || call.attrs.transposeB;
        ${change}
        return made;
      } });`,
    );
    const probe = {
      ...probeOf({ node: { version: process.versions.node, file: process.execPath } }),
      run: (command: string, parameters: readonly string[]) =>
        runProgram(command, ['-r', spoil, ...parameters], { seconds: 60 }),
    };
    const { state, reason, remedy } = judge(
      'cpu',
      await ask(probe, 'backend', backendReplySchema, 'cpu'),
      true,
    );
    return { state, reason, remedy };
  }

  it('passes when the spoiling changes nothing', async () => {
    assert.deepEqual(await judged(''), { state: 'ok', reason: null, remedy: null });
  });

  const changes: [string, string, RegExp][] = [
    [
      'one element of the product is off by a thousandth',
      'if (!turned) values[500] += 1e-3;',
      /^the product is wrong: off by [\d.]+e-[45] of its largest value \(limit 0\.00001\)$/,
    ],
    [
      'one element of the gradient is off by a thousandth',
      'if (turned) values[500] += 1e-3;',
      /^the gradient is wrong: off by [\d.]+e-[45] of its largest value \(limit 0\.00001\)$/,
    ],
    [
      'only the gradient of the right factor is wrong',
      'if (call.attrs.transposeA) values[7] = 0;',
      /^the gradient is wrong: /,
    ],
    [
      'the product is zero',
      'if (!turned) values.fill(0);',
      /^the product is wrong: off by 1.0e\+0 /,
    ],
    [
      'the product is not a number',
      'if (!turned) values[3] = NaN;',
      /^the product is wrong: not finite/,
    ],
    [
      'the gradient is infinite',
      'if (turned) values[3] = Infinity;',
      /^the gradient is wrong: not finite/,
    ],
    [
      'only a later product is wrong',
      'globalThis.calls = (globalThis.calls ?? 0) + 1; if (calls > 20) values[0] += 1;',
      /^the (product|gradient) is wrong: /,
    ],
  ];
  for (const [name, change, reason] of changes) {
    it(`fails when ${name}`, async () => {
      const result = await judged(change);
      assert.equal(result.state, 'failed');
      assert.match(result.reason!, reason);
      assert.equal(result.remedy, 'do without it: MMP_BACKEND=wasm');
    });
  }
});
