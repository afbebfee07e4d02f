import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { preparePicture } from '../../../src/data/images/prepare.js';
import { PreparationThreads } from '../../../src/data/images/threads.js';
import { projectRoot } from '../../../src/files/paths.js';
import { fixtures } from '../../support/fixtures.js';

const file = path.join(fixtures, 'images', 'odd.jpg');
const preparation = { name: 'odd.jpg', shape: 'aspect', size: 64 } as const;

describe('threads that prepare pictures', () => {
  it('make what is made without them, as many at once as there are threads', async () => {
    const threads = new PreparationThreads(2);
    let [reading, most] = [0, 0];
    const read = async () => {
      most = Math.max(most, ++reading);
      await new Promise((resolve) => setTimeout(resolve, 5));
      reading--;
      return readFileSync(file);
    };
    const tasks = Array.from({ length: 9 }, () => threads.prepare(read, preparation));
    const expected = await preparePicture(readFileSync(file), preparation);
    for (const picture of await Promise.all(tasks)) {
      assert.deepEqual({ ...picture }, { ...expected });
    }
    assert.equal(most, 2);
  });

  it('go on after a picture that cannot be read or decoded', async () => {
    const threads = new PreparationThreads(1);
    const absent = threads.prepare(() => Promise.reject(new Error('no such file')), preparation);
    await assert.rejects(absent, /no such file/);
    const broken = threads.prepare(() => Promise.resolve(Buffer.from('no JPEG')), preparation);
    await assert.rejects(broken, /odd.jpg: expected a whole JPEG picture, got 7 bytes/);
    const { width } = await threads.prepare(() => Promise.resolve(readFileSync(file)), preparation);
    assert.equal(width, expectedWidth);
  });

  it('let the process end', () => {
    const library = path.join(projectRoot, 'dist', 'src', 'data', 'images', 'threads.js');
    const script = `
      const { PreparationThreads } = require(${JSON.stringify(library)});
      const { readFile } = require('node:fs/promises');
      const read = () => readFile(${JSON.stringify(file)});
      new PreparationThreads(1)
        .prepare(read, ${JSON.stringify(preparation)})
        .then(({ width }) => console.log(width));`;
    const output = execFileSync(process.execPath, ['-e', script], { timeout: 30_000 });
    assert.equal(Number(output.toString()), expectedWidth);
  });
});

/** Of 31 × 47 pixels the shorter side becomes 64. */
const expectedWidth = 64;
