import assert from 'node:assert/strict';
import { report, reportMime, type ReportOptions } from '../../src/notebook/report.js';
import { standInKernel, written } from '../support/kernel.js';

describe('report', () => {
  const kernel = standInKernel();

  const within: [value: number, options: ReportOptions, text: string][] = [
    [0.6129, { band: [0.55, 0.67] }, '0.613 (expected 0.55 to 0.67)'],
    [0.61, { band: [0.55, 0.67] }, '0.61 (expected 0.55 to 0.67)'],
    [0.6129, { band: [0.55, 0.67], digits: 2 }, '0.61 (expected 0.55 to 0.67)'],
    [0.55, { band: [0.55, 0.67] }, '0.55 (expected 0.55 to 0.67)'],
    [0.67, { band: [0.55, 0.67] }, '0.67 (expected 0.55 to 0.67)'],
    [3, { band: [3, 3] }, '3 (expected 3 to 3)'],
    [1865, { band: [1800, 1900] }, '1865 (expected 1800 to 1900)'],
    [-0.000012345, { band: [-1, 0] }, '-0.0000123 (expected -1 to 0)'],
    [0.6129, {}, '0.613 (no expectation)'],
  ];
  for (const [value, options, text] of within) {
    it(`shows ${text}`, () => {
      report('accuracy, words missing', value, options);
      const band = options.band ?? null;
      assert.deepEqual(kernel.sent, [
        {
          data: {
            [reportMime]: { name: 'accuracy, words missing', value, band },
            'text/plain': `accuracy, words missing: ${text}`,
          },
          id: undefined,
          update: false,
        },
      ]);
    });
  }

  const outside: [value: number, options: ReportOptions, text: string, message: string][] = [
    [0.71, { band: [0.55, 0.67] }, '0.71 (expected 0.55 to 0.67)', '0.71, expected 0.55 to 0.67'],
    // Rounded it would look as if it were inside.
    [0.6701, { band: [0.5, 0.67], digits: 2 }, '0.6701 (expected', '0.6701, expected 0.5 to 0.67'],
    [0.5499, { band: [0.55, 0.67], digits: 2 }, '0.5499 (', '0.5499, expected 0.55 to 0.67'],
    [NaN, { band: [0, 1] }, 'NaN (expected 0 to 1)', 'NaN, expected 0 to 1'],
    [Infinity, { band: [0, 1] }, 'Infinity (expected', 'Infinity, expected 0 to 1'],
    [NaN, {}, 'NaN (no expectation)', 'NaN, no expectation'],
  ];
  for (const [value, options, text, message] of outside) {
    it(`shows ${value} with ${JSON.stringify(options)}, and fails`, () => {
      const failing = () => {
        report('gain', value, options);
      };
      assert.throws(failing, { message: `gain is ${message}` });
      assert.equal(kernel.sent.length, 1);
      assert.ok(kernel.texts()[0]!.startsWith(`gain: ${text}`), kernel.texts()[0]);
      const said = kernel.sent[0]!.data[reportMime] as { value: number | null };
      assert.equal(said.value, Number.isFinite(value) ? value : null);
    });
  }

  for (const band of [[1, 0], [0, NaN], [-Infinity, 0], [0, Infinity], [1], [0, 1, 2], []]) {
    it(`refuses [${band.join(', ')}] for a band, and shows nothing`, () => {
      const refused = () => {
        report('gain', 0.5, { band: band as never });
      };
      const message = `report "gain": a band is two finite numbers, the lower first, got [${band.join(', ')}]`;
      assert.throws(refused, { message });
      assert.deepEqual(kernel.sent, []);
    });
  }
});

describe('report outside of a kernel', () => {
  it('writes the sentence', async () => {
    const lines = await written(() => {
      report('gain', 5.94, { band: [5, 7] });
    });
    assert.deepEqual(lines, ['gain: 5.94 (expected 5 to 7)']);
  });
});
