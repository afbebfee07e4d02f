/** Failure, told where it happened and on whose behalf. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  errorOf,
  ofType,
  printed,
  sharedKernel,
  until,
  type Executed,
  type KernelSession,
} from '../../support/kernelSession.js';

describe('an error of a cell', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  before(async () => {
    kernel = await sharedKernel();
  });
  const label = ({ reply }: Executed) => `cell [${String(reply.execution_count)}]`;

  it('has a name, a message and the line, and the reply has the same', async () => {
    const executed = await kernel.run('const one = 1;\nthrow new TypeError(`it is ${one}`);');
    const error = errorOf(executed);
    assert.equal(error?.ename, 'TypeError');
    assert.equal(error.evalue, 'it is 1');
    assert.ok(error.traceback.includes(`${label(executed)}, line 2`), error.traceback);
    assert.match(error.traceback, /→ 2 \| throw new TypeError/);
    const { execution_count } = executed.reply;
    const [told] = ofType(executed, 'error');
    assert.deepEqual(executed.reply, { status: 'error', execution_count, ...told });
  });

  it('has the lines of the async functions of other cells on its way', async () => {
    const inner = await kernel.run(
      'const inner = async (): Promise<void> => {\n  await null;\n  throw new Error("deep");\n};',
    );
    const outer = await kernel.run('\nconst outer = async () => {\n\n  await inner();\n};');
    const executed = await kernel.run('\n\nawait outer();');
    const { traceback } = errorOf(executed)!;
    const places = [...traceback.matchAll(/^(cell \[\d+\], line \d+)/gm)].map(([, place]) => place);
    assert.deepEqual(places, [
      `${label(inner)}, line 3`,
      `${label(outer)}, line 4`,
      `${label(executed)}, line 3`,
    ]);
  });

  it('has the line of an imported file', async () => {
    writeFileSync(
      path.join(kernel.folder, 'thrower.ts'),
      'export interface Unused {\n  a: string;\n}\nexport const fail = (): never => {\n  throw new Error("in a file");\n};\n',
    );
    const executed = await kernel.run("import { fail } from './thrower';\nfail();");
    const { traceback } = errorOf(executed)!;
    assert.match(traceback, /^thrower\.ts, line 5, in fail/m);
    assert.ok(traceback.includes(`${label(executed)}, line 2`), traceback);
  });

  it('has its causes', async () => {
    const executed = await kernel.run(
      'const cause = new RangeError("inner");\nthrow new Error("outer", { cause });',
    );
    const { traceback } = errorOf(executed)!;
    const [own, caused] = traceback.split('caused by RangeError: inner');
    assert.ok(own!.includes(`${label(executed)}, line 2`), traceback);
    assert.ok(caused!.includes(`${label(executed)}, line 1`), traceback);
  });

  it('may be anything', async () => {
    const { ename, evalue } = errorOf(await kernel.run('throw { code: 7 };'))!;
    assert.deepEqual([ename, evalue], ['thrown object', '{ code: 7 }']);
  });

  it('is one to call process.exit, and the kernel goes on', async () => {
    await kernel.run('let kept = "still here";');
    const executed = await kernel.run('process.exit(0);');
    assert.equal(errorOf(executed)?.ename, 'ExitRefused');
    assert.equal(executed.reply.status, 'error');
    assert.equal(await kernel.evaluate('kept'), 'still here');
  });

  it('is one that nobody awaits', async () => {
    const executed = await kernel.run('void Promise.reject(new Error("unawaited")); 1');
    assert.equal(executed.reply.status, 'error');
    assert.equal(errorOf(executed)?.evalue, 'unawaited');
  });
});

describe('what a cell does after its end', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  before(async () => {
    kernel = await sharedKernel();
    await kernel.run(
      'const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));',
    );
  });

  it('is still its output', async () => {
    const early = await kernel.run('setTimeout(() => console.log("late"), 100); "early"');
    const later = await kernel.run('await sleep(300); console.log("mine");');
    assert.equal(printed(early), 'late\n');
    assert.equal(printed(later), 'mine\n');
  });

  const failures: [string, string][] = [
    ['an exception', 'setTimeout(() => { throw new Error("late"); }, 100);'],
    ['a rejection', 'void sleep(100).then(() => { throw new Error("late"); });'],
  ];
  for (const [name, code] of failures) {
    it(`is its error, and that of the running cell, when it is ${name}`, async () => {
      const early = await kernel.run(code);
      assert.equal(early.reply.status, 'ok');
      const running = await kernel.run('await sleep(300);');
      assert.equal(errorOf(early)?.evalue, 'late');
      assert.equal(running.reply.status, 'error');
      assert.match(
        errorOf(running)!.evalue,
        /^cell \[\d+\] failed after it had ended: Error: late$/,
      );
      const next = await kernel.run('1');
      assert.equal(next.reply.status, 'ok', 'it is told once');
    });
  }

  it('is an error of the next cell when none is running', async () => {
    const early = await kernel.run('setTimeout(() => { throw new Error("between"); }, 50); 1');
    await until(() => errorOf(early) !== undefined, 'the late error');
    const next = await kernel.run('console.log("good");');
    assert.equal(next.reply.status, 'error');
    assert.equal(next.reply.ename, 'LateFailure');
    assert.equal(printed(next), 'good\n');
  });
});
