/** A mocha reporter: prints what mocha prints, and writes a file that names what failed and was skipped. */
import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';
import { z } from 'zod';

export const reportSchema = z.object({
  passed: z.number(),
  /** Full names */
  failed: z.array(z.string()),
  skipped: z.array(z.string()),
});

/** What came of the tests of one process. */
export type Report = z.infer<typeof reportSchema>;

export default class extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const report: Report = { passed: 0, failed: [], skipped: [] };
    runner.on('pass', () => report.passed++);
    runner.on('fail', (test) => report.failed.push(test.fullTitle()));
    runner.on('pending', (test) => report.skipped.push(test.fullTitle()));
    runner.once('end', () => {
      const { output } = options.reporterOptions as { output: string };
      writeFileSync(output, JSON.stringify(report));
    });
  }
}
