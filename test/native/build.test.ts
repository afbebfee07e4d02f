/** The build of native TensorFlow: its steps in made-up folders, with commands that only pretend. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import {
  compile,
  compileParameters,
  cudaFoldersBeside,
  findTools,
  installWheel,
  linkLibrary,
  setUpNative,
  tryBuild,
  unpack,
  wheels,
  type Wheel,
} from '../../src/native/build.js';
import { buildFile, nativeFolder, readNativeBuild } from '../../src/tensor/native.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('the build of native TensorFlow', () => {
  const searched = process.env.PATH;
  const nodeGyp = process.env.npm_config_node_gyp;
  let root: string;
  const place = (name: string) => path.join(root, name);
  const write = (name: string, content = '') => {
    mkdirSync(path.dirname(place(name)), { recursive: true });
    writeFileSync(place(name), content);
  };
  /** A command that runs JavaScript, found before the real one of its name. */
  const command = (name: string, code: string) => {
    write(name, `#!${process.execPath}\n${code}`);
    chmodSync(place(name), 0o755);
  };

  before(function () {
    // The build is refused elsewhere.
    if (process.platform !== 'linux') this.skip();
  });
  beforeEach(() => {
    root = makeFolder();
    mkdirSync(place('bin'));
    process.env.PATH = `${place('bin')}${path.delimiter}${searched}`;
  });
  afterEach(() => {
    process.env.PATH = searched;
    if (nodeGyp === undefined) delete process.env.npm_config_node_gyp;
    else process.env.npm_config_node_gyp = nodeGyp;
    removeFolder(root);
  });

  describe('findTools', () => {
    const complete = () => ({ PATH: place('bin'), npm_config_node_gyp: '/npm/node-gyp.js' });
    beforeEach(() => {
      for (const name of ['make', 'g++', 'tar']) command(`bin/${name}`, '');
    });

    it('gives the node-gyp of npm when all is there', () => {
      assert.equal(findTools(complete()), '/npm/node-gyp.js');
    });

    it('takes the compiler that CXX names', () => {
      const message = /needs a C\+\+ compiler, and "other" does not run/;
      assert.throws(() => findTools({ ...complete(), CXX: 'other' }), { message });
      command('bin/other', '');
      findTools({ ...complete(), CXX: 'other' });
    });

    it('says how it is called when npm does not call it', () => {
      assert.throws(() => findTools({ PATH: place('bin') }), { message: /npm run setup:native/ });
    });

    for (const [name, purpose] of [
      ['make', 'make'],
      ['g++', 'a C++ compiler'],
      ['tar', 'tar'],
    ] as const) {
      it(`names ${name} when it is missing`, () => {
        command(`bin/${name}`, 'process.exit(1)');
        assert.throws(
          () => findTools(complete()),
          ({ message }: Error) =>
            message.includes(`needs ${purpose}, and "${name}" does not run`) &&
            message.includes('build-essential'),
        );
      });
    }
  });

  /** A Python in which a wheel is, or into which pip puts one; it tells what pip was asked for. */
  const fakePython = (present: string | undefined, installs: string | undefined) => {
    write('tensorflow/libtensorflow_cc.so.2');
    write('tensorflow/libtensorflow_framework.so.2');
    write('tensorflow/include/tensorflow/c/c_api.h');
    if (present !== undefined) write('version', present);
    command(
      'venv/bin/python',
      `const fs = require('node:fs');
      const [option, what, ...rest] = process.argv.slice(2);
      const version = ${JSON.stringify(place('version'))};
      if (option === '-m' && rest[0] === 'install') {
        fs.writeFileSync(${JSON.stringify(place('asked'))}, process.env.PIP_RETRIES + rest.at(-1));
        const installs = ${JSON.stringify(installs ?? null)};
        if (installs === null) process.exit(1);
        fs.writeFileSync(version, installs);
      }
      if (option === '-c') {
        // Asked whether it has the wanted version, it never has.
        if (!fs.existsSync(version) || rest.some((name) => name.includes('=='))) process.exit(1);
        const folder = ${JSON.stringify(place('tensorflow'))};
        console.log(JSON.stringify({ version: fs.readFileSync(version, 'utf8'), folder }));
      }`,
    );
    return place('venv/bin/python');
  };

  describe('installWheel', () => {
    it('leaves a wheel of the right version alone', () => {
      assert.equal(installWheel(fakePython('2.21.0', undefined), wheels.cpu), place('tensorflow'));
      assert.ok(!existsSync(place('asked')));
    });

    for (const present of [undefined, '2.20.0']) {
      it(`installs it over ${present ?? 'none'}`, () => {
        const python = fakePython(present, '2.21.0');
        assert.equal(installWheel(python, wheels.gpu), place('tensorflow'));
        const retries = process.env.PIP_RETRIES ?? '0';
        const asked = readFileSync(place('asked'), 'utf8');
        assert.equal(asked, `${retries}tensorflow[and-cuda]==2.21.0`);
      });
    }

    it('says what pip needs when it fails', () => {
      const message = /tensorflow-cpu==2\.21\.0 failed: exit code 1\. This needs the network/;
      assert.throws(() => installWheel(fakePython(undefined, undefined), wheels.cpu), { message });
    });

    it('does not take another version than it asked for', () => {
      const message = 'tensorflow-cpu 2.21.0 was installed, but 2.19.0 is there';
      assert.throws(() => installWheel(fakePython(undefined, '2.19.0'), wheels.cpu), { message });
    });

    it('names the part that a wheel lacks', () => {
      const python = fakePython('2.21.0', undefined);
      const folder = place('tensorflow');
      removeFolder(path.join(folder, 'include'));
      const message = `tensorflow-cpu 2.21.0 in ${folder} has no include/tensorflow/c`;
      assert.throws(() => installWheel(python, wheels.cpu), { message });
    });
  });

  it('finds the CUDA libraries beside TensorFlow', () => {
    assert.deepEqual(cudaFoldersBeside(place('site/tensorflow')), []);
    for (const file of ['cudnn/lib/a.so', 'cublas/lib/b.so', '__init__.py']) {
      write(`site/nvidia/${file}`);
    }
    assert.deepEqual(cudaFoldersBeside(place('site/tensorflow')), [
      place('site/nvidia/cublas/lib'),
      place('site/nvidia/cudnn/lib'),
    ]);
  });

  it('links the library under every name by which it is looked for', () => {
    linkLibrary('/wheel', place('deps'));
    const target = (name: string) => readlinkSync(place(`deps/${name}`));
    assert.equal(target('include'), '/wheel/include');
    for (const name of ['libtensorflow.so', 'libtensorflow_cc.so.2']) {
      assert.equal(target(`lib/${name}`), '/wheel/libtensorflow_cc.so.2');
    }
    for (const name of ['libtensorflow_framework.so', 'libtensorflow_framework.so.2']) {
      assert.equal(target(`lib/${name}`), '/wheel/libtensorflow_framework.so.2');
    }
  });

  describe('unpack', () => {
    it('names the package that cannot be had', () => {
      command('bin/npm', 'process.exit(1)');
      const message = /^npm pack google-protobuf@3\.\d+\.\d+ .* failed: exit code 1$/;
      assert.throws(
        () => {
          unpack('google-protobuf', place('package'));
        },
        { message },
      );
    });

    it('refuses another package than the lock file names', () => {
      command(
        'bin/npm',
        `const folder = process.argv.at(-1).split('=')[1];
        require('node:fs').writeFileSync(folder + '/some.tgz', 'other');`,
      );
      const message = /is not the package that package-lock\.json names$/;
      assert.throws(
        () => {
          unpack('google-protobuf', place('package'));
        },
        { message },
      );
    });
  });

  describe('compileParameters', () => {
    it('puts the addon where the package looks for it', () => {
      const parameters = compileParameters('/build', '/venv/python', place('bin/node'), {});
      assert.deepEqual(parameters, [
        'rebuild',
        '--python=/venv/python',
        '--module_name=tfjs_binding',
        '--module_path=/build/lib/napi-v8',
        '--napi_build_version=8',
      ]);
    });

    it('takes the headers beside Node, unless npm was told of others', () => {
      write('include/node/node_api.h');
      const last = (environment: NodeJS.ProcessEnv) =>
        compileParameters('/build', '/python', place('bin/node'), environment).at(-1);
      assert.equal(last({}), `--nodedir=${root}`);
      assert.equal(last({ npm_config_nodedir: '/other' }), '--napi_build_version=8');
    });
  });

  describe('compile', () => {
    const run = () => {
      compile(place('.'), place('node-gyp.js'), '/venv/python', place('log'));
    };

    it('keeps the log of a failure, and names it', () => {
      write('node-gyp.js', 'console.log("no such header"); process.exit(1)');
      assert.throws(run, { message: `the addon does not compile: ${place('log')} says why` });
      assert.equal(readFileSync(place('log'), 'utf8'), 'no such header\n');
    });

    it('leaves neither log nor objects of a success', () => {
      write('node-gyp.js', 'require("node:fs").mkdirSync("build")');
      run();
      assert.deepEqual(readdirSync(root), ['bin', 'node-gyp.js']);
    });
  });

  describe('setUpNative', () => {
    const build = { package: 'earlier 1', wheel: 'earlier 2', cudaFolders: [] };
    const wheel = (): Wheel => ({ ...wheels.cpu, environment: place('venv') });
    let told: string[];
    const setUp = () => {
      setUpNative(wheel(), (line) => told.push(line), place('cache/native'));
    };
    beforeEach(() => {
      told = [];
      process.env.npm_config_node_gyp = place('node-gyp.js');
      for (const name of ['make', 'g++']) command(`bin/${name}`, '');
    });

    it('leaves nothing of a failed build, and the earlier one as it was', () => {
      fakePython('2.21.0', undefined);
      command('bin/npm', 'process.exit(1)');
      write(`cache/native/${buildFile}`, JSON.stringify(build));
      assert.throws(setUp, { message: /^npm pack .* failed/ });
      assert.deepEqual(told, [
        'tensorflow-cpu 2.21.0 in venv …',
        '@tensorflow/tfjs-node-gpu 4.22.0: source …',
      ]);
      assert.deepEqual(readdirSync(place('cache')), ['native']);
      assert.deepEqual(readNativeBuild(place('cache/native')), build);
    });

    it('needs Python', () => {
      for (const name of ['python', 'python3']) command(`bin/${name}`, 'process.exit(1)');
      assert.throws(setUp, { message: /^native TensorFlow needs Python 3\.10 or newer/ });
      assert.deepEqual(readdirSync(root), ['bin']);
    });
  });

  it('says why a build does not work', () => {
    const nothing = { package: '', wheel: '', cudaFolders: [] };
    const reason = `Cannot find module '${place('lib/napi-v8/tfjs_binding.node')}'`;
    const message = `the build in ${root} does not work (${reason})`;
    assert.throws(() => tryBuild(root, nothing), { message });
  });

  describe('a finished build (skipped where there is none)', () => {
    before(function () {
      if (!readNativeBuild()) this.skip();
    });

    it('loads, computes and lies outside node_modules', () => {
      assert.match(tryBuild(nativeFolder, readNativeBuild()!), /TensorFlow 2\.21\.0$/);
      assert.ok(nativeFolder.startsWith(path.join(projectRoot, 'data', 'cache')));
    });

    it('has no TF.js of its own', () => {
      assert.deepEqual(readdirSync(path.join(nativeFolder, 'node_modules')), ['google-protobuf']);
    });
  });
});
