/** The kernel as Jupyter finds it: where it is registered, and that what is registered runs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { userDataFolder } from '../../src/notebook/kernelspec.js';

const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');

describe('mmp kernel install', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mmp-kernelspec-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const install = (parameters: string[], environment: Record<string, string> = {}) =>
    spawnSync(process.execPath, [cli, 'kernel', 'install', ...parameters], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });

  it('registers it below a prefix, with the path of this Node, and says where', () => {
    const { status, stdout } = install(['--prefix', folder]);
    const file = path.join(folder, 'share', 'jupyter', 'kernels', 'mmp', 'kernel.json');
    assert.deepEqual([status, stdout], [0, `${file}\n`]);
    const { argv, display_name, language, interrupt_mode } = JSON.parse(
      readFileSync(file, 'utf8'),
    ) as Record<string, unknown>;
    assert.deepEqual(
      [display_name, language, interrupt_mode],
      ['MMP (TypeScript)', 'typescript', 'message'],
    );
    const [node, main, connection] = argv as string[];
    assert.deepEqual([node, connection], [process.execPath, '{connection_file}']);
    assert.ok(path.isAbsolute(main!) && existsSync(main!));
  });

  for (const parameters of [[], ['--user']]) {
    it(`registers it for the user with "${parameters.join(' ')}"`, () => {
      const { status } = install(parameters, { JUPYTER_DATA_DIR: folder });
      assert.equal(status, 0);
      assert.ok(existsSync(path.join(folder, 'kernels', 'mmp', 'kernel.json')));
    });
  }

  it('refuses a user and a prefix at once', () => {
    const { status, stderr } = install(['--user', '--prefix', folder]);
    assert.equal(status, 1);
    assert.match(stderr, /--prefix <folder>' cannot be used with option '--user'/);
  });

  it('names the file that cannot be written', () => {
    writeFileSync(path.join(folder, 'share'), '');
    const { status, stderr } = install(['--prefix', folder]);
    assert.equal(status, 1);
    assert.match(stderr, /cannot write .*share\/jupyter\/kernels\/mmp\/kernel\.json/);
  });
});

describe('userDataFolder', () => {
  const home = path.join(path.sep, 'home', 'reader');
  const cases: [string, string, Record<string, string>, string][] = [
    ['on Linux', 'linux', {}, path.join(home, '.local', 'share', 'jupyter')],
    ['on Linux with XDG_DATA_HOME', 'linux', { XDG_DATA_HOME: '/data' }, '/data/jupyter'],
    ['on macOS', 'darwin', {}, path.join(home, 'Library', 'Jupyter')],
    ['on Windows', 'win32', { APPDATA: '/roaming' }, '/roaming/jupyter'],
    ['where JUPYTER_DATA_DIR says', 'linux', { JUPYTER_DATA_DIR: '/chosen' }, '/chosen'],
  ];
  for (const [name, platform, environment, expected] of cases) {
    it(`is Jupyter's ${name}`, () => {
      assert.equal(userDataFolder({ environment, platform, home }), expected);
    });
  }
});
