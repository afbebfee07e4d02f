/**
 * The golden vectors: inputs, parameters, intermediate values, outputs and gradients of Eq. 1–7 made in
 * float64 by independent code.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { Comparison } from '../../src/evaluation/compare.js';
import { findGolden, readGolden } from '../../src/evaluation/golden.js';
import { verifyCase } from '../../src/evaluation/verify.js';
import { goldenFolder } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';
import { tolerance } from '../support/tolerances.js';

const cases = findGolden(goldenFolder);

describe('golden vectors of the method', () => {
  it('are all there', () => {
    assert.equal(cases.length, 7);
  });
  for (const prefix of cases)
    describe(path.basename(prefix), () => {
      check(prefix);
    });
});

function check(prefix: string): void {
  let comparisons: Comparison[];
  const assertWithin = (chosen: RegExp) => {
    const rows = comparisons.filter(({ name }) => chosen.test(name));
    assert.ok(rows.length > 0);
    const limit = tolerance('network');
    const wrong = rows.filter(({ error }) => !(error <= limit));
    assert.deepEqual(wrong, []);
  };

  before(async () => {
    comparisons = await verifyCase(readGolden(prefix));
  });

  it('reproduces every intermediate value', () => {
    assertWithin(/^(?!alignment_loss|gradient\.)/);
  });

  it('reproduces the alignment loss and its gradient for every parameter', () => {
    assertWithin(/^(alignment_loss$|gradient\.)/);
  });

  it('keeps no tensor', () => assertSteady(() => verifyCase(readGolden(prefix))));
}
