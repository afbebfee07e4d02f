/** The tests on one backend, in processes of their own. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { projectRoot } from '../../src/files/paths.js';
import { writeJson } from '../../src/files/write.js';
import type { BackendRequest } from '../../src/tensor/backend.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { filesFor } from './files.js';
import { reportSchema, type Report } from './reporter.js';

/** What came of a backend. */
export interface BackendResult extends Report {
  readonly backend: BackendRequest;
  /** What it runs on; undefined where it did not start */
  readonly device?: string;
  /** Why it cannot run here */
  readonly absent?: string;
  readonly seconds: number;
}

/** The longest that the tests of a backend may take, the end of their process included. */
const patience = 20 * 60_000;

/** The longest that one test may take; a GPU in software is slow where others use the cores, too. */
const testPatience = 5 * 60_000;

const nothing: Report = { passed: 0, failed: [], skipped: [] };

/** Runs the tests on a backend, and prints what mocha prints. */
export function runOn(backend: BackendRequest): BackendResult {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const found = probe(backend);
  if (found.device === undefined) return { ...nothing, ...found, backend, seconds: seconds() };
  const report = runMocha(backend);
  return { ...report, device: found.device, backend, seconds: seconds() };
}

type Probed = Pick<BackendResult, 'device' | 'absent'> & Partial<Report>;

const probedSchema = z.union([z.object({ device: z.string() }), z.object({ absent: z.string() })]);

/** Finds out whether a backend can run here. One that breaks down instead of saying so has failed. */
function probe(backend: BackendRequest): Probed {
  const ended = spawnSync(process.execPath, [path.join(__dirname, 'probe.js'), backend], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (ended.status === 0) return probedSchema.parse(JSON.parse(ended.stdout));
  const said = ended.stderr.trim().split('\n').at(-1);
  return { failed: [`the start of ${backend} ended by ${howEnded(ended)}: ${said}`] };
}

function runMocha(backend: BackendRequest): Report {
  const folder = makeFolder();
  const output = path.join(folder, 'report.json');
  const configuration = path.join(folder, 'mocha.json');
  writeJson(configuration, {
    ...(readJson(path.join(projectRoot, '.mocharc.json')) as object),
    spec: filesFor(backend),
    reporter: path.join(__dirname, 'reporter.js'),
    'reporter-option': [`output=${output}`],
    timeout: testPatience,
  });
  const mocha = createRequire(__filename).resolve('mocha/bin/mocha.js');
  try {
    const ended = spawnSync(process.execPath, [mocha, '--config', configuration], {
      cwd: projectRoot,
      env: { ...process.env, MMP_BACKEND: backend },
      stdio: 'inherit',
      timeout: patience,
      killSignal: 'SIGKILL',
    });
    const written = existsSync(output);
    const report = written ? reportSchema.parse(readJson(output)) : nothing;
    // A process that crashed, or did not end, has failed whatever its tests say.
    if (written && ended.status === Math.min(report.failed.length, 255)) return report;
    const failure = `the process of the tests on ${backend} ended by ${howEnded(ended)}`;
    return { ...report, failed: [...report.failed, failure] };
  } finally {
    removeFolder(folder);
  }
}

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

function howEnded({ status, signal, error }: SpawnSyncReturns<unknown>): string {
  return error?.message ?? signal ?? `exit code ${status}`;
}
