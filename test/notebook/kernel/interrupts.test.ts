/** Interrupts end what cells do, leave what they have computed, and are answered at any time. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Request } from 'zeromq';
import {
  errorOf,
  ofType,
  printed,
  sharedKernel,
  untilPrinted,
  type Executed,
  type KernelSession,
} from '../../support/kernelSession.js';

/** The longest that a cell may go on after an interrupt, in milliseconds. */
const patience = 3000;

describe('an interrupt', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  before(async () => {
    kernel = await sharedKernel();
    await kernel.run(
      'const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));',
    );
  });

  /** Interrupts a cell as soon as it has printed "begun". */
  const interrupted = async (code: string): Promise<Executed> => {
    const execution = kernel.begin(code);
    await untilPrinted(execution, 'begun');
    const start = Date.now();
    const answer = await kernel.client.request('interrupt_request', {}, undefined, 'control');
    assert.equal(answer.status, 'ok');
    const reply = await execution.reply;
    assert.ok(Date.now() - start < patience, `it took ${Date.now() - start} ms`);
    assert.equal(reply.status, 'error');
    assert.deepEqual(
      ofType(execution, 'error').map(({ ename }) => ename),
      ['Interrupted'],
    );
    return { messages: execution.messages, reply };
  };
  const stillWorks = async () => {
    assert.equal(await kernel.evaluate('6 * 7'), '42');
  };

  const endless: [string, string][] = [
    ['a loop', 'for (;;);'],
    ['a loop after an await', 'await pause(1); while (true) {}'],
    ['a loop that awaits', 'for (;;) await pause(5);'],
    ['an await without end', 'await new Promise(() => undefined);'],
    ['a loop in code that no cell holds', 'new Function("for (;;);")();'],
    [
      'a loop over what never comes',
      `await null;
       const next = () => new Promise<IteratorResult<number>>(() => undefined);
       for await (const n of { [Symbol.asyncIterator]: () => ({ next }) }) n.toFixed();`,
    ],
    [
      'a loop over what never ends',
      `await null;
       async function* numbers() { for (let n = 0; ; n++) { await pause(1); yield n; } }
       for await (const n of numbers()) n.toFixed();`,
    ],
  ];
  for (const [name, code] of endless) {
    it(`ends ${name}`, async () => {
      await interrupted(`console.log('begun');\n${code}`);
      await stillWorks();
    });
  }

  it('lets finally clean up', async () => {
    const executed = await interrupted(
      `console.log('begun');
       try { await new Promise(() => undefined); } finally { console.log('cleaned'); }`,
    );
    assert.equal(printed(executed), 'begun\ncleaned\n');
  });

  it('leaves the variables, those of the interrupted cell too', async () => {
    await kernel.run('let counter = 1;');
    await interrupted(
      `counter++; const found = 'found'; console.log('begun'); await new Promise(() => undefined);`,
    );
    assert.equal(await kernel.evaluate('`${counter} ${found}`'), '2 found');
  });

  it('ends what goes on in the background', async () => {
    await kernel.run(
      `let turns = 0;
       void (async () => { for (;;) { turns++; await pause(5); } })();`,
    );
    await kernel.run('await pause(50);');
    await kernel.client.request('interrupt_request', {}, undefined, 'control');
    const count = await kernel.evaluate('turns');
    assert.ok(Number(count) > 1);
    await sleep(100);
    assert.equal(await kernel.evaluate('turns'), count);
  });

  it('is without effect where nothing runs', async () => {
    const { status } = await kernel.client.request('interrupt_request', {}, undefined, 'control');
    assert.equal(status, 'ok');
    await stillWorks();
  });

  it('is no failure of a cell whose signal it was', async () => {
    const executed = await interrupted(
      `const signal: AbortSignal = (globalThis as any)[Symbol.for('mmp.kernel')].signal();
       signal.addEventListener('abort', () => console.log('told'));
       console.log('begun');
       await new Promise(() => undefined);`,
    );
    assert.match(printed(executed), /told/);
    assert.equal(errorOf(executed)?.evalue, 'the cell was interrupted');
  });
});

describe('during a loop', function () {
  this.timeout(60_000);

  it('heartbeats and requests on the control socket are answered', async () => {
    const { client, begin } = await sharedKernel().then((kernel) => ({
      client: kernel.client,
      begin: kernel.begin.bind(kernel),
    }));
    const looping = begin('console.log("begun"); for (;;);');
    await untilPrinted(looping, 'begun');

    const heart = new Request({ linger: 0, receiveTimeout: patience });
    const { ip, hb_port: port } = client.connection;
    heart.connect(`tcp://${ip}:${port}`);
    await heart.send('ping');
    assert.equal(String((await heart.receive())[0]), 'ping');
    heart.close();

    const info = await client.request('kernel_info_request', {}, undefined, 'control');
    assert.equal(info.implementation, 'mmp');
    assert.equal(ofType(looping, 'error').length, 0, 'it loops still');
    await client.request('interrupt_request', {}, undefined, 'control');
    assert.equal((await looping.reply).status, 'error');
  });
});
