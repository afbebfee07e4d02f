/** What the kernel publishes and answers, by the Jupyter messaging protocol. */
import assert from 'node:assert/strict';
import type { Content } from '../../../src/notebook/wire.js';
import {
  errorOf,
  KernelSession,
  ofType,
  printed,
  sharedKernel,
} from '../../support/kernelSession.js';

describe('the messages of the kernel', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  before(async () => {
    kernel = await sharedKernel();
  });

  it('are busy, the code, its output, its result, and idle', async () => {
    const code = 'console.log("hello"); 20 + 1';
    const { messages, reply } = await kernel.run(code);
    assert.deepEqual(
      messages.map(({ header, content }) =>
        header.msg_type === 'status' ? content.execution_state : header.msg_type,
      ),
      ['busy', 'execute_input', 'stream', 'execute_result', 'idle'],
    );
    const { execution_count: count } = reply;
    assert.deepEqual(ofType({ messages }, 'execute_input'), [{ code, execution_count: count }]);
    assert.deepEqual(ofType({ messages }, 'stream'), [{ name: 'stdout', text: 'hello\n' }]);
    assert.deepEqual(ofType({ messages }, 'execute_result'), [
      { execution_count: count, data: { 'text/plain': '21' }, metadata: {} },
    ]);
    assert.deepEqual(reply, {
      status: 'ok',
      execution_count: count,
      payload: [],
      user_expressions: {},
    });
  });

  it('count the cells, but not silent ones, of which nothing but their output is published', async () => {
    const { reply: first } = await kernel.run('1');
    const silent = await kernel.run('console.log("silent"); 2', { silent: true });
    const { reply: second } = await kernel.run('3');
    assert.equal(second.execution_count, Number(first.execution_count) + 1);
    assert.deepEqual(ofType(silent, 'execute_input'), []);
    assert.deepEqual(ofType(silent, 'execute_result'), []);
    assert.equal(printed(silent), 'silent\n');
  });

  const requests: [string, Content, Content][] = [
    ['kernel_info', {}, { status: 'ok', protocol_version: '5.3', implementation: 'mmp' }],
    ['complete', { code: 'Math.ma', cursor_pos: 7 }, { status: 'ok', matches: ['max'] }],
    ['inspect', { code: 'Math', cursor_pos: 2 }, { status: 'ok', found: true }],
    ['inspect', { code: ' ', cursor_pos: 1 }, { status: 'ok', found: false }],
    ['is_complete', { code: 'const one = 1;' }, { status: 'complete' }],
    ['is_complete', { code: 'await null; import x from "y"' }, { status: 'complete' }],
    ['is_complete', { code: 'function one() {' }, { status: 'incomplete' }],
    ['is_complete', { code: 'const = 1;' }, { status: 'invalid' }],
    ['history', { hist_access_type: 'tail', n: 0 }, { status: 'ok' }],
    ['comm_info', {}, { status: 'ok', comms: {} }],
  ];
  for (const [name, content, expected] of requests) {
    it(`answer ${name} ${JSON.stringify(content)} with a status`, async () => {
      const reply = await kernel.client.request(`${name}_request`, content);
      assert.deepEqual({ ...reply, ...expected }, reply);
    });
  }

  it('say of queued cells after an error that they were aborted, and do not run them', async () => {
    const failing = kernel.begin('throw new Error("first")', { stop_on_error: true });
    const queued = [kernel.begin('console.log("second")'), kernel.begin('console.log("third")')];
    assert.equal((await failing.reply).status, 'error');
    for (const { messages, reply } of queued) {
      assert.equal((await reply).status, 'aborted');
      assert.deepEqual(
        messages.map(({ content }) => content),
        [{ execution_state: 'busy' }, { execution_state: 'idle' }],
      );
    }
    assert.equal(await kernel.evaluate('"later"'), 'later');
  });

  it('run them where stop_on_error is false', async () => {
    const failing = kernel.begin('throw new Error("first")', { stop_on_error: false });
    const queued = kernel.begin('console.log("second")');
    assert.equal((await failing.reply).status, 'error');
    assert.equal((await queued.reply).status, 'ok');
    assert.equal(printed(queued), 'second\n');
  });

  it('hold what is displayed and what is displayed in its place', async () => {
    const executed = await kernel.run(`
      import { Progress, table } from 'mmp';
      table(['bird'], [['canary']]);
      const progress = new Progress('steps');
      progress.update(1, 2);
      progress.finish();`);
    const [shown, first] = ofType(executed, 'display_data');
    assert.match(String((shown?.data as Content)['text/html']), /<td>canary<\/td>/);
    assert.deepEqual(shown?.transient, {});
    const [last] = ofType(executed, 'update_display_data');
    assert.ok((first?.transient as Content).display_id);
    assert.deepEqual(last?.transient, first?.transient);
    assert.match(String((last?.data as Content)['text/plain']), /^steps 1\/2 · took 0 s$/);
  });

  it('refuse what strict TypeScript refuses', async () => {
    const implicit = errorOf(await kernel.run('const twice = (x) => 2 * x;'));
    assert.equal(implicit?.ename, 'CompileError');
    assert.match(
      implicit.traceback,
      /the cell, line 1: .*implicitly has an 'any' type.* \(TS7006\)/,
    );
    const nullable = errorOf(await kernel.run('let maybe: string | null = null;\nmaybe.length'));
    assert.match(String(nullable?.traceback), /the cell, line 2: .*(TS18047|TS2339)/);
  });
});

describe('completion and inspection', function () {
  this.timeout(60_000);
  let ours: KernelSession;
  let stock: KernelSession;
  before(async () => {
    ours = await sharedKernel();
    stock = await KernelSession.start('tslab');
    const cell =
      '/** Sings. */ const canary = { colour: "yellow", sing: (times: number) => times };';
    for (const kernel of [ours, stock]) assert.equal((await kernel.run(cell)).reply.status, 'ok');
  });
  after(() => stock.stop());

  const samples = ['Math.ma', 'canary.', 'canary.sing', 'new Arr', 'canary', 'const x: Prom'];
  for (const code of samples) {
    it(`are those of tslab for ${code}`, async () => {
      for (const type of ['complete_request', 'inspect_request']) {
        const content = { code, cursor_pos: code.length, detail_level: 0 };
        const [own, expected] = [
          await ours.client.request(type, content),
          await stock.client.request(type, content),
        ];
        assert.deepEqual(own, expected);
      }
    });
  }

  it('count characters, right after an emoji too', async () => {
    const before = 'const bird = "🐤"; Math.';
    const code = `${before}ma`;
    const points = (text: string) => Array.from(text).length;
    const completed = await ours.client.request('complete_request', {
      code,
      cursor_pos: points(code),
    });
    assert.deepEqual(completed.matches, ['max']);
    assert.deepEqual(
      [completed.cursor_start, completed.cursor_end],
      [points(before), points(code)],
    );
    const inspected = await ours.client.request('inspect_request', {
      code: '"🐤"; canary',
      cursor_pos: points('"🐤"; c'),
    });
    assert.match(String((inspected.data as Content)['text/plain']), /Sings\./);
  });
});
