/** The bundle: what it holds, and that what it holds is enough on a machine with neither Node nor this project. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { librariesNeeded } from '../../../src/bench/gpu/libraries.js';
import { checkSize, expectArchivers, packBundle, trace } from '../../../src/bench/gpu/pack.js';
import type { GpuBenchResult } from '../../../src/bench/gpu/run.js';
import { backendTests } from '../../../src/bench/gpu/tests.js';
import { readTask } from '../../../src/bench/task.js';
import { tasks } from '../../../src/bench/tasks.js';
import { projectRoot } from '../../../src/files/paths.js';
import { useBackend } from '../../../src/tensor/backend.js';
import { tf } from '../../../src/tensor/tf.js';
import { makeFolder, removeFolder } from '../../support/folders.js';
import { skip } from '../../support/skip.js';

describe('following imports', () => {
  let root: string;
  const place = (name: string) => path.join(root, name);
  const write = (name: string, content: string) => {
    mkdirSync(path.dirname(place(name)), { recursive: true });
    writeFileSync(place(name), content);
  };
  beforeEach(() => {
    root = makeFolder();
  });
  afterEach(() => {
    removeFolder(root);
  });
  const traced = (...except: string[]) =>
    trace([place('main.js')], except.map(place), root).map((file) => path.relative(root, file));

  it('finds what require and import name, each by its own door, and all package.json', () => {
    write('package.json', '{}');
    write(
      'main.js',
      `const a = require('two-doors'); const fs = require('node:fs');
       try { require('not-there'); } catch {}
       void import('./later.mjs');`,
    );
    write(
      'later.mjs',
      `import b from 'two-doors'; export * as more from './more.mjs'; console.log(b);`,
    );
    write('more.mjs', `export default 1;`);
    write('unused.js', '');
    const doors = { import: './esm/index.js', require: './cjs/index.js' };
    write('node_modules/two-doors/package.json', JSON.stringify({ exports: doors }));
    write('node_modules/two-doors/cjs/package.json', '{"type":"commonjs"}');
    write('node_modules/two-doors/cjs/index.js', `require('./data.json'); require('./x.node');`);
    write('node_modules/two-doors/cjs/data.json', '{}');
    write('node_modules/two-doors/cjs/x.node', `require('./unused.js')`);
    write('node_modules/two-doors/esm/index.js', 'export default 2;');
    assert.deepEqual(traced(), [
      'later.mjs',
      'main.js',
      'more.mjs',
      'node_modules/two-doors/cjs/data.json',
      'node_modules/two-doors/cjs/index.js',
      'node_modules/two-doors/cjs/package.json',
      'node_modules/two-doors/cjs/x.node',
      'node_modules/two-doors/esm/index.js',
      'node_modules/two-doors/package.json',
      'package.json',
    ]);
    assert.deepEqual(
      traced('later.mjs').filter((name) => name.endsWith('.mjs')),
      [],
    );
  });

  it('fails with the reason when an entry is not there', () => {
    assert.throws(() => traced(), /following the imports failed: [^]*main\.js/);
  });
});

describe('the bundle', () => {
  let folder: string;
  const bundle = () => path.join(folder, 'bundle');

  before(async function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') {
      skip(this, 'bundles are for Linux x64');
    }
    folder = makeFolder();
    const backend = tf.getBackend();
    try {
      await packBundle(bundle(), () => undefined);
    } catch (error) {
      const { message } = error as Error;
      if (!message.includes('install the Vulkan loader')) throw error;
      skip(this, message);
    } finally {
      await useBackend(backend);
    }
  });
  after(() => {
    if (folder) removeFolder(folder);
  });

  /** Runs something in the bundle where there is no Node in PATH and another home. */
  const run = (program: string, parameters: string[], environment: Record<string, string> = {}) =>
    spawnSync(path.join(bundle(), program), parameters, {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', HOME: folder, ...environment },
    });

  it('has tasks on emoji that are those of the data set', async () => {
    const backend = tf.getBackend();
    await useBackend('cpu');
    for (const make of [...tasks.d!, ...tasks.e!]) {
      const made = await make();
      const stored = readTask(path.join(bundle(), 'data', 'bench', made.task.name));
      assert.deepEqual(stored.task, JSON.parse(JSON.stringify(made.task)));
      assert.deepEqual(stored.inputs, made.inputs);
    }
    await useBackend(backend);
  });

  it('has of Dawn the part for Linux alone, and neither pictures nor types', () => {
    const inside = (name: string) => existsSync(path.join(bundle(), 'node_modules', name));
    assert.ok(inside('webgpu/dist/linux-x64/dawn.node'));
    for (const name of ['webgpu/dist/win32-x64', 'openmoji', '@twemoji/svg', 'typescript']) {
      assert.ok(!inside(name), name);
    }
    assert.ok(existsSync(path.join(bundle(), 'lib', 'libvulkan.so.1')));
  });

  it('is enough: it verifies and tests by its own files', function () {
    this.timeout(300_000);
    // Refuses whatever would be loaded from elsewhere.
    const guard = path.join(folder, 'guard.cjs');
    writeFileSync(
      guard,
      `const Module = require('node:module');
       const load = Module._load;
       Module._load = function (request, parent, main) {
         const file = Module._resolveFilename(request, parent, main);
         if (file.startsWith('/') && !file.startsWith(${JSON.stringify(bundle())}))
           throw new Error('outside of the bundle: ' + file);
         return load.apply(this, arguments);
       };`,
    );
    const golden = path.join(bundle(), 'test', 'fixtures', 'golden', 'mmp');
    const main = path.join(bundle(), 'dist', 'src', 'bench', 'main.js');
    const verified = run('bin/node', ['-r', guard, main, 'verify', '--backend=cpu', golden]);
    assert.equal(verified.stderr, '');
    assert.match(verified.stdout, /verify: PASS worst \S+ \(limit 1e-5\)\n$/);

    const mocha = path.join(bundle(), 'node_modules', 'mocha', 'bin', 'mocha.js');
    const setup = path.join(bundle(), 'dist', 'test', 'setup.js');
    const tests = backendTests().map((file) =>
      path.join(bundle(), path.relative(projectRoot, file)),
    );
    const tested = run(
      'bin/node',
      [mocha, '--no-config', '--timeout=60000', `--require=${setup}`, ...tests],
      {
        MMP_BACKEND: 'wasm',
        MMP_THREADS: '2',
      },
    );
    assert.match(tested.stdout, /^ +\d+ passing/m);
    assert.equal(tested.status, 0, tested.stdout + tested.stderr);
  });

  it('replaces no folder but a bundle', async () => {
    const other = path.join(folder, 'other');
    mkdirSync(other);
    await assert.rejects(
      packBundle(other, () => undefined),
      /other is there, and is no bundle that could be replaced/,
    );
    assert.ok(existsSync(other));
  });

  it('refuses to be packed again, and says what options there are', () => {
    const packed = run('run.sh', ['--pack', path.join(folder, 'again')]);
    assert.match(packed.stderr, /this is a bundle: pack from the project itself/);
    assert.equal(packed.status, 1);
    assert.match(run('run.sh', ['--help']).stdout, /--software/);
  });

  it('links those of its libraries that the machine lacks, and no others', () => {
    const empty = path.join(folder, 'programs');
    mkdirSync(empty);
    for (const name of ['dirname', 'rm', 'mkdir', 'grep', 'ln', 'sh']) {
      symlinkSync(
        spawnSync('which', [name], { encoding: 'utf8' }).stdout.trim(),
        path.join(empty, name),
      );
    }
    const ldconfig = path.join(empty, 'ldconfig');
    writeFileSync(ldconfig, '#!/bin/sh\necho "	libX11.so.6 (libc6,x86-64) => /x"\n', {
      mode: 0o755,
    });
    run('run.sh', ['--help'], { PATH: empty });
    const linked = (name: string) => existsSync(path.join(bundle(), 'lacking', name));
    assert.ok(linked('libvulkan.so.1'));
    assert.ok(!linked('libX11.so.6'));
  });

  it('verifies on WebGPU in software and reports it, by run.sh', function () {
    const output = path.join(folder, 'results');
    const ran = run('run.sh', [output, '--software', '--only', 'verify']);
    const results = JSON.parse(
      readFileSync(path.join(output, 'results.json'), 'utf8'),
    ) as GpuBenchResult;
    if (results.adapter?.gpu !== false) {
      skip(this, 'WebGPU has no software adapter here');
    }
    assert.equal(ran.status, 0, ran.stdout + ran.stderr);
    assert.deepEqual(
      results.steps.map(({ name, state }) => [name, state]),
      [
        ['adapter', 'passed'],
        ['verify', 'passed'],
      ],
    );
    assert.match(results.steps[1]!.said, /^verify: PASS/);
    const report = readFileSync(path.join(output, 'report.md'), 'utf8');
    assert.match(
      report,
      /^### Measured on WebGPU, software, on the CPU: .* \(software: no GPU has computed this\)\n/,
    );
    assert.match(readFileSync(path.join(output, 'log.txt'), 'utf8'), /verify: PASS/);
  });
});

describe('the archive of a bundle', () => {
  it('is refused when it is too large, with its size', () => {
    checkSize('x.tar.xz', 64 * 2 ** 20);
    assert.throws(() => {
      checkSize('x.tar.xz', 65.5 * 2 ** 20);
    }, /x\.tar\.xz would have 65\.5 MiB, and 64\.0 MiB are allowed/);
  });

  it('needs tar, and xz where its name says so', () => {
    const folder = makeFolder();
    assert.throws(() => {
      expectArchivers('x.tar.xz', { PATH: folder });
    }, /"tar" does not run, and x\.tar\.xz needs it/);
    writeFileSync(path.join(folder, 'tar'), '#!/bin/sh\n', { mode: 0o755 });
    assert.throws(() => {
      expectArchivers('x.tar.xz', { PATH: folder });
    }, /"xz" does not run/);
    expectArchivers('x.tar', { PATH: folder });
    removeFolder(folder);
  });

  it('has libraries by name, without those of every Linux', function () {
    if (process.platform !== 'linux') skip(this, 'it is about the libraries of Linux');
    const names = [...librariesNeeded(process.execPath).keys()];
    assert.ok(!names.some((name) => /^(libc|libm|libdl|libpthread)\.so/.test(name)), names.join());
    assert.throws(() => librariesNeeded('/no/such/file'), /ldd \/no\/such\/file failed/);
  });
});
