/** What came of all backends, in a table and one closing line. */
import Table from 'cli-table3';
import type { BackendRequest } from '../../src/tensor/backend.js';
import type { BackendResult } from './run.js';

export interface Summary {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts over all backends. One that is absent counts as skipped once, and as failed once where it is required.
 */
export function summarise(
  results: readonly BackendResult[],
  required: readonly BackendRequest[],
): Summary {
  const summary = { passed: 0, failed: 0, skipped: 0 };
  for (const { backend, absent, passed, failed, skipped } of results) {
    summary.passed += passed;
    summary.failed += failed.length;
    summary.skipped += skipped.length;
    if (absent !== undefined) summary[required.includes(backend) ? 'failed' : 'skipped']++;
  }
  return summary;
}

/** The table, then by name what failed, what was skipped and which backends are absent, then the counts. */
export function summaryText(
  results: readonly BackendResult[],
  required: readonly BackendRequest[],
): string {
  const table = new Table({
    head: ['backend', 'device', 'passed', 'failed', 'skipped', 'seconds'],
    style: { head: [], border: [] },
    colWidths: [null, 40],
    wordWrap: true,
  });
  const names: string[] = [];
  for (const result of results) {
    const { backend, device, absent, passed, failed, skipped, seconds } = result;
    table.push([
      backend,
      device ?? (absent === undefined ? 'did not start' : 'absent'),
      passed,
      failed.length,
      skipped.length,
      seconds.toFixed(0),
    ]);
    for (const name of failed) names.push(`${backend}: failed: ${name}`);
    for (const name of skipped) names.push(`${backend}: skipped: ${name}`);
    if (absent !== undefined) {
      names.push(
        `${backend}: absent${required.includes(backend) ? ', but required' : ''}: ${absent}`,
      );
    }
  }
  const { passed, failed, skipped } = summarise(results, required);
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return [table.toString(), ...names, counts].join('\n');
}
