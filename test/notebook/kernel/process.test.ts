/** The process of the kernel: its start from a connection file, and its end. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { Dealer } from 'zeromq';
import { kernelCommand } from '../../../src/notebook/client.js';
import { encode, headerOf } from '../../../src/notebook/wire.js';
import { makeFolder, removeFolder } from '../../support/folders.js';
import { KernelSession, sharedKernel, untilPrinted } from '../../support/kernelSession.js';

describe('the process of the kernel', function () {
  this.timeout(60_000);

  const withKernel = async (use: (kernel: KernelSession) => Promise<void>) => {
    const kernel = await KernelSession.start();
    try {
      await use(kernel);
    } finally {
      await kernel.stop();
    }
  };
  const isListening = async (port: number) => {
    const socket = connect(port, '127.0.0.1');
    const [event] = await Promise.race([
      once(socket, 'connect').then(() => ['connect']),
      once(socket, 'error').then(() => ['error']),
    ]).catch(() => ['error']);
    socket.destroy();
    return event === 'connect';
  };

  for (const channel of ['control', 'shell'] as const) {
    it(`ends with 0 when it is told to on the ${channel} socket, whatever cells have begun`, async () => {
      await withKernel(async (kernel) => {
        const { client } = kernel;
        await kernel.run('setInterval(() => undefined, 10); 1');
        const ended = once(client.process, 'exit');
        const reply = await client.request(
          'shutdown_request',
          { restart: false },
          undefined,
          channel,
        );
        assert.deepEqual(reply, { status: 'ok', restart: false });
        assert.deepEqual(await ended, [0, null]);
        const { shell_port, iopub_port, control_port, hb_port } = client.connection;
        for (const port of [shell_port, iopub_port, control_port, hb_port]) {
          assert.equal(await isListening(port), false);
        }
      });
    });
  }

  it('ends during a loop, too', async () => {
    await withKernel(async (kernel) => {
      const looping = kernel.begin('console.log("begun"); for (;;);');
      await untilPrinted(looping, 'begun');
      const ended = once(kernel.client.process, 'exit');
      const lost = assert.rejects(looping.reply, /the kernel ended/);
      await kernel.client.request('shutdown_request', { restart: false }, undefined, 'control');
      assert.deepEqual(await ended, [null, 'SIGKILL']);
      await lost;
    });
  });

  it('does not listen to those who cannot sign', async () => {
    const { client } = await sharedKernel();
    const { ip, shell_port: port, key } = client.connection;
    const stranger = new Dealer({ linger: 0, receiveTimeout: 1000 });
    stranger.connect(`tcp://${ip}:${port}`);
    const header = headerOf('kernel_info_request', 'a stranger');
    const message = { identities: [], header, parent: {}, metadata: {}, content: {} };
    await stranger.send(encode('not the key', message));
    await assert.rejects(stranger.receive(), { code: 'EAGAIN' });
    await stranger.send(encode(key, message));
    assert.ok((await stranger.receive()).length > 0);
    stranger.close();
  });
});

describe('a connection file', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });
  const start = (file: string) => {
    const [command, ...parameters] = kernelCommand('mmp', file);
    return spawnSync(command!, parameters, { encoding: 'utf8', timeout: 30_000 });
  };

  const faults: [string, string | undefined, RegExp][] = [
    ['is missing', undefined, /^mmp kernel: .*connection\.json cannot be read: ENOENT/],
    ['is no JSON', '{', /^mmp kernel: .*connection\.json cannot be read: .* JSON/],
    [
      'lacks a port',
      '{"ip": "127.0.0.1"}',
      /^mmp kernel: .*connection\.json is no connection file:.*shell_port/s,
    ],
  ];
  for (const [name, content, message] of faults) {
    it(`that ${name} is an error that names it`, () => {
      const file = path.join(folder, 'connection.json');
      if (content !== undefined) writeFileSync(file, content);
      const { status, stderr } = start(file);
      assert.equal(status, 1);
      assert.match(stderr, message);
    });
  }

  it('whose ports are taken is an error that says so', async () => {
    const { client } = await sharedKernel();
    const file = path.join(folder, 'connection.json');
    writeFileSync(file, JSON.stringify(client.connection));
    const { status, stderr } = start(file);
    assert.equal(status, 1);
    assert.match(stderr, /^mmp kernel: Address already in use: tcp:/);
  });
});
