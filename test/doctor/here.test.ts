/** The real doctor on this machine, against facts that are found out without it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { reportSchema, type Report } from '../../src/doctor/report.js';
import { projectRoot } from '../../src/files/paths.js';
import { backendRequests } from '../../src/tensor/backend.js';
import { nativeEnvironment, readNativeBuild } from '../../src/tensor/native.js';
import { only } from '../support/doctor.js';
import { makeFolder, removeFolder } from '../support/folders.js';

const compiled = path.join(__dirname, '..', '..', 'src');

function doctor(parameters: readonly string[], environment: Record<string, string> = {}) {
  return spawnSync(process.execPath, [path.join(compiled, 'cli.js'), 'doctor', ...parameters], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
}

/** What a process of its own says of a backend: its name, or the message of its error. */
function started(request: string): { name?: string; message?: string; product?: number } {
  const code = `
    const { useBackend } = require(${JSON.stringify(path.join(compiled, 'tensor', 'backend.js'))});
    const { tf } = require(${JSON.stringify(path.join(compiled, 'tensor', 'tf.js'))});
    useBackend(${JSON.stringify(request)})
      .then(async ({ name }) => {
        const [product] = await tf.matMul([[1, 2]], [[3], [4]]).data();
        return { name, product };
      })
      .catch(({ message }) => ({ message }))
      .then((told) => process.stdout.write('\\n' + JSON.stringify(told), () => process.exit()));`;
  const { stdout } = spawnSync(process.execPath, ['-e', code], {
    encoding: 'utf8',
    env: { ...process.env, ...nativeEnvironment() },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as ReturnType<typeof started>;
}

describe('the doctor on this machine', function () {
  this.timeout(600_000);
  let report: Report;
  before('examines it', () => {
    const { status, stdout, stderr } = doctor(['--json']);
    assert.equal(stderr, '');
    report = reportSchema.parse(JSON.parse(stdout));
    assert.equal(status, report.canRun ? 0 : 1);
  });
  const stateOf = (what: string) => only(report.findings, what).state;

  it('runs, and names this Node and system', () => {
    assert.ok(report.canRun);
    assert.equal(report.node, process.version);
    assert.equal(report.system, `${process.platform} ${process.arch}`);
    assert.ok(only(report.findings, 'Node').detail.endsWith(process.execPath));
    // The set-up script has let it pass.
    assert.equal(stateOf('Node'), 'ok');
    assert.equal(stateOf('npm packages'), 'ok');
  });

  it('draws, and counts the emoji', () => {
    assert.equal(stateOf('figures without a browser'), 'ok');
    assert.match(only(report.findings, 'emoji').detail, /^1865 emoji, 100 subgroups;/);
    assert.match(only(report.findings, 'emoji pictures').detail, /^1865 openmoji, 1865 twemoji;/);
  });

  for (const request of backendRequests) {
    it(`says of ${request} what a process of its own says`, () => {
      const { state, reason, remedy, computation } = report.backends.find(
        (one) => one.request === request,
      )!;
      const { message, product } = started(request);
      if (message === undefined) {
        assert.equal(product, 11);
        assert.ok(state === 'ok' || state === 'warning', `${state}: ${reason}`);
        // In 24 bits no such sum comes out exactly.
        const { productError, gradientError } = computation!;
        assert.ok(productError! > 0 && gradientError! > 0);
      } else {
        assert.ok(state === 'missing' || state === 'failed', state);
        assert.equal(message, `backend ${request} cannot run here: ${reason}; ${remedy}`);
        assert.equal(computation, null);
      }
      // These run everywhere.
      if (request === 'wasm' || request === 'cpu') assert.equal(state, 'ok');
    });
  }

  it('knows which backend runs unasked', () => {
    const { chosen } = report.unasked!;
    assert.equal(chosen === 'cuda' ? 'tensorflow' : chosen, started('').name);
  });

  it('agrees with the files that are there', () => {
    const kernel = path.join(projectRoot, '.venv/share/jupyter/kernels/mmp/kernel.json');
    assert.equal(stateOf('kernel') === 'missing', !existsSync(kernel));
    assert.equal(stateOf('native build') === 'missing', readNativeBuild() === undefined);
    if (process.platform !== 'linux') return;
    const nvidia = spawnSync('nvidia-smi', ['--list-gpus']).status === 0;
    assert.equal(stateOf('NVIDIA GPU and driver') === 'ok', nvidia);
    const kilobytes = /^MemTotal: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'utf8'))![1];
    const total = Number(/of ([\d.]+) GB/.exec(only(report.findings, 'memory').detail)![1]);
    assert.ok(total <= (Number(kilobytes) * 1024) / 1e9 + 0.05);
  });

  it('prints a table of 100 columns', () => {
    const { status, stdout, stderr } = doctor([]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.ok(stdout.split('\n').every((line) => line.length <= 100));
    for (const request of backendRequests) {
      assert.match(
        stdout,
        new RegExp(`^│ backends +│ ${request} +│ (ok|missing|warning|failed) `, 'm'),
      );
    }
  });

  it('exits with 1, and tells all the rest, where every check is killed', () => {
    const folder = makeFolder();
    try {
      const killer = path.join(folder, 'killer.cjs');
      const main = path.join(compiled, 'doctor', 'checks', 'main.js');
      const condition = `process.argv[1] === ${JSON.stringify(main)}`;
      writeFileSync(killer, `if (${condition}) process.kill(process.pid, 'SIGKILL');`);
      const { status, stdout } = doctor(['--json'], { NODE_OPTIONS: `--require "${killer}"` });
      const sick = reportSchema.parse(JSON.parse(stdout));
      assert.equal(status, 1);
      assert.ok(!sick.canRun);
      assert.deepEqual(
        sick.backends.map(({ state }) => state),
        backendRequests.map(() => 'failed'),
      );
      assert.equal(only(sick.findings, 'Node').state, 'ok');
      assert.equal(only(sick.findings, 'emoji').state, 'failed');
      assert.equal(only(sick.findings, 'disk').area, 'machine');
    } finally {
      removeFolder(folder);
    }
  });
});
