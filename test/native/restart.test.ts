import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('restartWith', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });

  /** A program that needs a variable and says what it sees of it and of its arguments. */
  function run(needed: Record<string, string>, environment: Record<string, string>) {
    const program = path.join(folder, 'program.js');
    const restart = path.join(__dirname, '..', '..', 'src', 'native', 'restart.js');
    const code = `
      const { restartWith } = require(${JSON.stringify(restart)});
      restartWith(${JSON.stringify(needed)}).then((status) => {
        console.log(status ?? [process.env.PLACE, ...process.argv.slice(2)].join(' '));
        process.exitCode = status ?? 3;
      });`;
    writeFileSync(program, code);
    return spawnSync(process.execPath, [program, 'one', 'two'], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    });
  }

  it('runs the program again, once, with what it needs, and hands on its exit code', () => {
    const { stdout, status } = run({ PLACE: '/cuda' }, { PLACE: '/other' });
    assert.equal(stdout, '/cuda one two\n3\n');
    assert.equal(status, 3);
  });

  it('hands on signals, and ends as the program that they end', async () => {
    const program = path.join(folder, 'endless.js');
    const restart = path.join(__dirname, '..', '..', 'src', 'native', 'restart.js');
    const code = `
      const { restartWith } = require(${JSON.stringify(restart)});
      restartWith({ PLACE: '/cuda' }).then((status) => {
        if (status !== undefined) process.exitCode = status;
        else setInterval(() => console.log(process.pid), 50);
      });`;
    writeFileSync(program, code);
    const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [143, null]);
    assert.throws(() => process.kill(parseInt(line.toString()), 0), /ESRCH/);
  });

  it('does nothing where nothing is lacking', () => {
    assert.equal(run({ PLACE: '/cuda' }, { PLACE: '/cuda' }).stdout, '/cuda one two\n');
    assert.equal(run({}, { PLACE: '/other' }).stdout, '/other one two\n');
  });
});
