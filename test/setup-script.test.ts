/** The set-up script, in a made-up project whose compiler, npm and command line only leave a trace. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../src/files/paths.js';
import { makeFolder, removeFolder } from './support/folders.js';
import { skip } from './support/skip.js';

describe('the set-up script', () => {
  let root: string;
  const place = (name: string) => path.join(root, name);
  const write = (name: string, content: string) => {
    mkdirSync(path.dirname(place(name)), { recursive: true });
    writeFileSync(place(name), content);
  };
  const lock = (version: string) =>
    JSON.stringify({ packages: { 'node_modules/a': { version }, 'node_modules/b': { version } } });

  beforeEach(() => {
    root = makeFolder();
    mkdirSync(place('src'));
    cpSync(path.join(projectRoot, 'src', 'setup.mjs'), place('src/setup.mjs'));
    write('src/a.ts', '');
    write('test/a.test.ts', '');
    write('tsconfig.json', '{}');
    write('package-lock.json', lock('1.0.0'));
    write('node_modules/.package-lock.json', lock('1.0.0'));
    write('node_modules/a/index.js', '');
    write('node_modules/b/index.js', '');
    write(
      'node_modules/typescript/bin/tsc',
      `const fs = require('node:fs');
      fs.mkdirSync('dist/src', { recursive: true });
      fs.writeFileSync('dist/src/cli.js', 'console.log("cli " + process.argv.slice(2))');
      console.log('tsc ran');`,
    );
    write('src/tensor/wasm/build.mjs', 'console.log("kernels built");');
    write('bin/npm', `#!${process.execPath}\nconsole.log('npm ' + process.argv[2]);`);
    chmodSync(place('bin/npm'), 0o755);
  });
  afterEach(() => {
    removeFolder(root);
  });

  /** @param version what the script is told that Node is */
  const run = (version = '22.12.0') => {
    const versions = `{ value: { ...process.versions, node: '${version}' } }`;
    const pretend = `data:text/javascript,Object.defineProperty(process, 'versions', ${versions})`;
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', encodeURI(pretend), place('src/setup.mjs')],
      {
        encoding: 'utf8',
        env: { ...process.env, PATH: `${place('bin')}${path.delimiter}${process.env.PATH}` },
      },
    );
    // Standard output is for the command that follows.
    assert.equal(stdout, '');
    return { status, lines: stderr.trim().split('\n'), stderr };
  };

  for (const version of ['18.20.0', '20.18.0', '21.7.0', '22.11.0']) {
    it(`stops on Node ${version} in one line, and writes nothing`, () => {
      const before = readdirSync(root, { recursive: true });
      const { status, stderr } = run(version);
      assert.equal(status, 1);
      assert.match(stderr, /^set-up: .*\n$/);
      for (const part of [version, '20.19', '22 LTS is recommended']) {
        assert.ok(stderr.includes(part), `${part} in ${stderr}`);
      }
      assert.deepEqual(readdirSync(root, { recursive: true }), before);
    });
  }

  for (const version of ['20.19.0', '22.12.0', '24.0.0']) {
    it(`goes on with Node ${version}`, () => {
      const { status, lines } = run(version);
      assert.equal(status, 0);
      assert.deepEqual(lines, ['compiling …', 'tsc ran', 'kernels built', 'cli data']);
    });
  }

  it('compiles again only when a source has changed', () => {
    run();
    assert.deepEqual(run().lines, ['cli data']);
    write('src/a.ts', 'export {};');
    assert.deepEqual(run().lines, ['compiling …', 'tsc ran', 'kernels built', 'cli data']);
  });

  it('makes the command executable each time that it compiles', function () {
    if (process.platform === 'win32') skip(this, 'Windows has no such permission');
    for (const source of ['', 'export {};']) {
      write('src/a.ts', source);
      run();
      accessSync(place('dist/src/cli.js'), constants.X_OK);
    }
  });

  it('stops when the compiler fails, and does not take its output for whole', () => {
    write('node_modules/typescript/bin/tsc', 'process.exit(2)');
    const { status, stderr } = run();
    assert.equal(status, 1);
    assert.match(stderr, /^compiling …\nset-up: .*tsc.* failed: exit code 2\n$/);
    assert.ok(!existsSync(place('dist/.sources')));
  });

  const incomplete: [string, () => void][] = [
    [
      'nothing is installed',
      () => {
        rmSync(place('node_modules/.package-lock.json'));
      },
    ],
    [
      'a package has another version',
      () => {
        write('node_modules/.package-lock.json', lock('0.9.0'));
      },
    ],
    [
      'a package is gone',
      () => {
        rmSync(place('node_modules/b'), { recursive: true });
      },
    ],
  ];
  for (const [name, spoil] of incomplete) {
    it(`installs when ${name}`, function () {
      // There npm is a batch file, which the script on the path does not stand for.
      if (process.platform === 'win32') this.skip();
      spoil();
      const { status, lines } = run();
      assert.equal(status, 0);
      assert.deepEqual(lines.slice(0, 2), ['installing packages …', 'npm ci']);
      assert.match(lines[2]!, /tfjs-node-gpu\): not installed/);
    });
  }

  it('does not install for an optional package that is absent', () => {
    const packages = { 'node_modules/gpu': { version: '1.0.0', optional: true } };
    write('package-lock.json', JSON.stringify({ packages }));
    assert.equal(run().lines[0], 'compiling …');
  });
});
