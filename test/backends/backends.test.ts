/** What `npm run test:backends` makes of the results of each backend, and of what it is told. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { skip } from '../support/skip.js';
import { filesFor } from './files.js';
import { requiredBackends } from './required.js';
import type { BackendResult } from './run.js';
import { summarise, summaryText } from './table.js';

const result = (values: Partial<BackendResult>): BackendResult => ({
  backend: 'cpu',
  passed: 0,
  failed: [],
  skipped: [],
  seconds: 1.4,
  ...values,
});

const results = [
  result({ device: 'one core', passed: 7, skipped: ['a test (skipped: its reason)'] }),
  result({ backend: 'wasm', device: 'two threads', passed: 5, failed: ['it broke'] }),
  result({ backend: 'webgpu', absent: 'backend webgpu cannot run here: no adapter; install one' }),
];

describe('the table of all backends', () => {
  it('counts an absent backend as skipped, or as failed where it is required', () => {
    assert.deepEqual(summarise(results, []), { passed: 12, failed: 1, skipped: 2 });
    assert.deepEqual(summarise(results, ['cpu', 'webgpu']), { passed: 12, failed: 2, skipped: 1 });
  });

  it('names what failed, what was skipped, what is absent and why, and ends with the counts', () => {
    const lines = summaryText(results, ['webgpu']).split('\n');
    assert.deepEqual(lines.slice(-4), [
      'cpu: skipped: a test (skipped: its reason)',
      'wasm: failed: it broke',
      'webgpu: absent, but required: backend webgpu cannot run here: no adapter; install one',
      '12 passed, 2 failed, 1 skipped',
    ]);
    const row = lines.find((line) => line.includes('two threads'))!;
    assert.match(row, /wasm .* two threads .* 5 .* 1 .* 0 .* 1 /);
  });
});

describe('REQUIRE_BACKENDS', () => {
  it('is a list of names', () => {
    assert.deepEqual(requiredBackends(undefined), []);
    assert.deepEqual(requiredBackends(''), []);
    assert.deepEqual(requiredBackends('wasm, webgpu,'), ['wasm', 'webgpu']);
  });

  it('must name backends', () => {
    const message =
      'REQUIRE_BACKENDS: unknown webgl, gpu; there are cuda, tensorflow, webgpu, wasm, cpu';
    assert.throws(() => requiredBackends('wasm,webgl,gpu'), { message });
  });
});

describe('the files for a backend', () => {
  const compiled = path.join(__dirname, '..');
  const names = (...parameters: Parameters<typeof filesFor>) =>
    filesFor(...parameters).map((file) => path.relative(compiled, file).replaceAll('\\', '/'));

  it('are there, and each backend has its own', () => {
    for (const backend of ['cuda', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const) {
      const files = filesFor(backend);
      assert.ok(files.every(existsSync));
      assert.ok(names(backend).includes('mmp/golden.test.js'));
      for (const own of ['wasm', 'webgpu']) {
        const some = names(backend).some((name) => name.startsWith(`tensor/${own}/`));
        assert.equal(some, backend === own);
      }
    }
  });
});

describe('npm run test:backends', () => {
  const run = (parameters: string[], environment: Record<string, string> = {}) =>
    spawnSync(process.execPath, [path.join(__dirname, 'cli.js'), ...parameters], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });

  it('refuses unknown names', () => {
    const required = run([], { REQUIRE_BACKENDS: 'webgl' });
    assert.equal(required.status, 1);
    assert.match(
      required.stderr,
      /^test:backends: REQUIRE_BACKENDS: unknown webgl; there are cuda/,
    );
    const only = run(['--only', 'webgl']);
    assert.equal(only.status, 1);
    assert.match(only.stderr, /argument 'webgl' is invalid\. Allowed choices are cuda, tensorflow/);
  });

  it('refuses to leave out what is required', () => {
    const { status, stdout, stderr } = run(['--only', 'cpu'], { REQUIRE_BACKENDS: 'cpu,cuda' });
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(
      stderr,
      /^test:backends: REQUIRE_BACKENDS asks for cuda, and --only leaves it out/,
    );
  });

  it('passes over an absent backend and says why, and fails of it where it is required', function () {
    if (process.platform !== 'linux') skip(this, 'only there webgpu can be taken away');
    const without = { VK_DRIVER_FILES: '/absent.json', VK_ICD_FILENAMES: '/absent.json' };
    const reason = /^webgpu: absent.*: backend webgpu cannot run here: there is no adapter/m;
    for (const [required, status, counts] of [
      ['', 0, '0 passed, 0 failed, 1 skipped'],
      ['webgpu', 1, '0 passed, 1 failed, 0 skipped'],
    ] as const) {
      const ended = run(['--only', 'webgpu'], { ...without, REQUIRE_BACKENDS: required });
      assert.equal(ended.status, status);
      assert.match(ended.stdout, reason);
      assert.equal(ended.stdout.trimEnd().split('\n').at(-1), counts);
    }
  });
});
