/** The tests whose outcome depends on the backend, and what mocha says of them. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/paths.js';

const compiled = path.join(projectRoot, 'dist', 'test');

/** Below these folders all tests run on one backend, but for the ones that are about others. */
const folders = ['tensor', 'mmp'];
const aboutOthers = [/^tensor\/wasm\//, /^tensor\/(backend|native)\./];

/** The compiled files of these tests; none where the tests are not there. */
export function backendTests(): string[] {
  return folders.flatMap((folder) => {
    const place = path.join(compiled, folder);
    if (!existsSync(place)) return [];
    return readdirSync(place, { recursive: true })
      .map((name) => path.posix.join(folder, String(name).split(path.sep).join('/')))
      .filter((name) => name.endsWith('.test.js') && !aboutOthers.some((one) => one.test(name)))
      .sort()
      .map((name) => path.join(compiled, name));
  });
}

/** What starts every test run: it chooses the backend that MMP_BACKEND names. */
export const testSetup = path.join(compiled, 'setup.js');

export const mochaProgram = path.join(projectRoot, 'node_modules', 'mocha', 'bin', 'mocha.js');

/** Parameters of mocha that run tests and report them line by line, so that a killed run tells, too. */
export function mochaParameters(files: readonly string[], secondsPerTest: number): string[] {
  return [
    mochaProgram,
    '--no-config',
    `--require=${testSetup}`,
    `--timeout=${secondsPerTest * 1000}`,
    '--reporter=tap',
    ...files,
  ];
}

export interface TestCounts {
  readonly passed: number;
  /** By name */
  readonly failed: string[];
  readonly skipped: string[];
}

/** Reads what mocha's reporter `tap` has written. */
export function readTap(output: string): TestCounts {
  const counts = { passed: 0, failed: [] as string[], skipped: [] as string[] };
  for (const line of output.split('\n')) {
    const [, not, name, skip] = /^(not )?ok \d+ (.*?)( # SKIP -)?$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (skip) counts.skipped.push(name);
    else if (not) counts.failed.push(name);
    else counts.passed++;
  }
  return counts;
}
