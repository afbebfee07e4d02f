/** A training that is killed ten times, at random moments, and comes to the same bits. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readNativeBuild } from '../../src/tensor/native.js';
import { stream } from '../../src/tensor/random.js';
import { runState } from '../../src/training/runs.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { startMmp } from '../support/mmp.js';
import { skip } from '../support/skip.js';

const steps = 120;
const kills = 10;
const config = `
method: dropout
model: { name: smallVilt, width: 16, heads: 2, layers: 1 }
budget: { steps: ${steps}, batchSize: 8, checkpointEvery: 7, validateEvery: 20 }
optimiser: { clipping: { kind: norm, limit: 1 } }
`;
const files = ['parameters.safetensors', 'results.json', 'log.jsonl', 'validation.jsonl'];

describe('mmp train, killed ten times', function () {
  this.timeout(300_000);
  let runs: string;
  before(() => {
    runs = makeFolder();
    writeFileSync(path.join(runs, 'run.yaml'), config);
  });
  after(() => {
    removeFolder(runs);
  });

  /** A process that trains the run of this name, or goes on with it. */
  const start = (name: string, backend: string) =>
    startMmp(
      ...['train', path.join(runs, 'run.yaml'), '--resume'],
      ...['--runs', runs, '--name', name, '--backend', backend],
    );
  const trainToTheEnd = async (name: string, backend: string) => {
    const { ended, said } = start(name, backend);
    assert.equal(await ended, 0, said());
  };
  const stepsDone = (name: string) => {
    const log = path.join(runs, name, 'log.jsonl');
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').length - 1 : 0;
  };

  for (const backend of ['wasm', 'tensorflow']) {
    it(`comes to the same bits on ${backend}`, async function () {
      if (backend === 'tensorflow' && !readNativeBuild()) {
        skip(this, 'native TensorFlow is not built here: npm run setup:native');
      }
      const [whole, killed] = [`whole-${backend}`, `killed-${backend}`];
      await trainToTheEnd(whole, backend);
      const random = stream(1, `kills/${backend}`);
      for (let kill = 0; kill < kills; kill++) {
        const { process, ended } = start(killed, backend);
        // Some while the program still loads, most while it trains or writes.
        const until = random.uniform() < 0.2 ? 0 : ((kill + random.uniform()) * steps) / kills - 5;
        const loading = sleep(until === 0 ? random.uniform(0, 1500) : 0);
        while (stepsDone(killed) < until && process.exitCode === null) await sleep(2);
        await loading;
        await sleep(random.uniform(0, 40));
        process.kill('SIGKILL');
        assert.equal(await ended, null, 'it ended before it was killed');
      }
      assert.equal(runState(path.join(runs, killed)), 'stopped');
      await trainToTheEnd(killed, backend);
      for (const file of files) {
        const [one, other] = [whole, killed].map((name) =>
          readFileSync(path.join(runs, name, file)),
        );
        assert.ok(one!.equals(other!), `${file} differs`);
      }
    });
  }
});
