/** Programs that end well, badly or not at all, and checks in such processes. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import { ask } from '../../src/doctor/ask.js';
import { replyMark } from '../../src/doctor/checks/mark.js';
import { runProgram } from '../../src/doctor/run.js';
import { probeOf } from '../support/doctor.js';
import { skip } from '../support/skip.js';

const script = (code: string, seconds = 30) =>
  runProgram(process.execPath, ['-e', code], { seconds });

describe('the programs that the doctor runs', () => {
  it('are told what they write, and what they find in the environment', async () => {
    const code =
      'console.log(process.env.GIVEN); console.error("e"); console.log(!!process.env.PATH)';
    const options = { environment: { GIVEN: 'given' } };
    assert.deepEqual(await runProgram(process.execPath, ['-e', code], options), {
      failure: undefined,
      absent: false,
      stdout: 'given\ntrue\n',
      stderr: 'e\n',
    });
  });

  it('that fail are told with their last words', async () => {
    const { failure } = await script('console.error("first\\nlast"); process.exit(3)');
    assert.equal(failure, 'exit code 3: last');
    assert.equal((await script('process.exit(1)')).failure, 'exit code 1');
  });

  it('that are not there are absent', async () => {
    const { failure, absent } = await runProgram('mmp-no-such-program', []);
    assert.deepEqual([failure, absent], ['there is no mmp-no-such-program', true]);
  });

  it('that crash are told by their signal', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no signals');
    const { failure, absent } = await script(
      'process.kill(process.pid, "SIGSEGV"); setInterval(() => 0, 9)',
    );
    assert.deepEqual([failure, absent], ['ended by SIGSEGV', false]);
  });

  it('that hang are killed, even where a program of theirs lives on', async () => {
    const begin = performance.now();
    const { failure, stdout } = await script(
      `const { spawn } = require('node:child_process');
      const wait = 'setTimeout(() => 0, 15_000)';
      const child = spawn(process.execPath, ['-e', wait], { stdio: 'inherit' });
      console.log(child.pid); while (true);`,
      2,
    );
    assert.equal(failure, 'did not end within 2 s');
    assert.ok(performance.now() - begin < 10_000);
    process.kill(Number(stdout));
  });

  it('that write without an end lose the beginning', async () => {
    const code = `const many = 'x'.repeat(1e6);
      console.log('begin'); console.log(many); console.log(many); console.log('end')`;
    const { stdout } = await script(code);
    assert.equal(stdout.length, 1e6);
    assert.ok(stdout.endsWith('x\nend\n'));
  });
});

describe('the checks in processes of their own', () => {
  const schema = z.object({ value: z.number() });
  /** A check that is such a script. */
  const asked = (code: string, seconds = 30) =>
    ask({ ...probeOf({}), run: () => script(code, seconds) }, 'figure', schema);
  const told = `console.log('${replyMark}{"reply":{"value":1}}');`;

  it('reply among the noise of libraries', async () => {
    const noise = 'console.error("warning"); process.stdout.write("no end of line");';
    const answer = await asked(`console.log("{}"); ${noise} console.log(); ${told} ${noise}`);
    assert.deepEqual(answer, { reply: { value: 1 } });
  });

  it('fail by an error of their own, by one of Node, and by silence', async () => {
    const error = JSON.stringify({ error: 'no canvas' });
    assert.deepEqual(await asked(`console.log('${replyMark}${error}')`), { failure: 'no canvas' });
    const { failure } = await asked('require("mmp-no-such-package")');
    assert.match(failure!, /^exit code 1: /);
    assert.deepEqual(await asked(''), { failure: 'it ended without a reply' });
  });

  it('fail by a reply of another form', async () => {
    for (const reply of ['{"reply":{"value":"1"}}', '{"reply":', '{}']) {
      const { failure } = await asked(`console.log('${replyMark}${reply}')`);
      assert.match(failure!, /^its reply cannot be read: /);
    }
  });

  it('that crash or hang are a failure, and keep a reply that came before', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no signals');
    const crash = 'process.kill(process.pid, "SIGABRT"); while (true);';
    assert.deepEqual(await asked(crash), { failure: 'ended by SIGABRT' });
    assert.deepEqual(await asked(`${told} ${crash}`), {
      reply: { value: 1 },
      failure: 'ended by SIGABRT',
    });
    assert.deepEqual(await asked('while (true);', 1), { failure: 'did not end within 1 s' });
  });
});
