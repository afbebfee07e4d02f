/** Sources of the library that are edited while a kernel runs, in a copy of the project. */
import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';

const bars = path.join('src', 'figures', 'bars.ts');

describe('a kernel whose library is edited', function () {
  this.timeout(180_000);
  let copy: string;
  let cells: ChildProcess;

  /** What a cell shows, or its error. */
  const run = async (code: string) => {
    cells.send(code);
    const [shown] = (await once(cells, 'message')) as [string];
    return shown;
  };

  before(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'mmp-library-'));
    for (const name of ['src', 'test', 'dist', 'package.json', 'tsconfig.json']) {
      cpSync(path.join(projectRoot, name), path.join(copy, name), {
        recursive: true,
        preserveTimestamps: true,
      });
    }
    // The packages as they are, but "mmp" is the copy.
    const packages = path.join(copy, 'node_modules');
    mkdirSync(packages);
    for (const name of readdirSync(path.join(projectRoot, 'node_modules'))) {
      const source = name === 'mmp' ? copy : path.join(projectRoot, 'node_modules', name);
      symlinkSync(source, path.join(packages, name));
    }
    mkdirSync(path.join(copy, 'notebooks'));
    const client = path.join(copy, 'dist', 'src', 'notebook', 'client.js');
    const program = path.join(__dirname, '..', 'support', 'cells.js');
    cells = fork(program, [client, path.join(copy, 'notebooks')]);
  });
  after(async () => {
    cells.disconnect();
    await once(cells, 'exit');
    rmSync(copy, { recursive: true });
  });

  it('imports what was added, by its path and by the name of the library', async () => {
    assert.equal(await run('import { bars } from "mmp"; bars.name'), 'bars');
    appendFileSync(path.join(copy, bars), '\nexport const answer = 42;\n');
    const again =
      'import { answer } from "../src/figures/bars"; import { bars as new_ } from "mmp";';
    assert.equal(await run(`${again} [answer, bars === new_]`), '[ 42, false ]');
  });

  it('says where an edit does not compile, and goes on with the next', async () => {
    const before = readFileSync(path.join(copy, bars), 'utf8');
    const line = before.split('\n').length;
    appendFileSync(path.join(copy, bars), 'export const wrong: string = 1;\n');
    const cell = 'import { bars } from "mmp"; 1';
    assert.equal(
      await run(cell),
      `CompileError: src/figures/bars.ts, line ${line}: Type 'number' is not assignable to type 'string'.`,
    );
    assert.equal(await run('1 + 1'), '2', 'a cell that imports nothing');
    writeFileSync(path.join(copy, bars), before.replace('answer = 42', 'answer = 43'));
    assert.equal(await run('import { answer } from "../src/figures/bars"; answer'), '43');
  });

  it('asks for a restart where tensors depend on what was edited', async () => {
    appendFileSync(path.join(copy, 'src', 'tensor', 'shapes.ts'), '\nexport const added = 1;\n');
    assert.equal(
      await run('import { bars } from "mmp"; 1'),
      'Error: src/tensor/shapes.ts has changed, and the tensors of this kernel depend on it: restart the kernel',
    );
    assert.equal(await run('bars.name'), 'bars', 'what was imported before is still there');
  });
});
