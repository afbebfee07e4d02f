/** Live curves in every place where they can run. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '../../src/files/paths.js';
import { kernelNames } from '../../src/notebook/client.js';
import type { CodeCell } from '../../src/notebook/format.js';
import { runNotebook } from '../../src/notebook/run.js';
import { RunLock } from '../../src/training/lock.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { notebookOf } from '../support/notebooks.js';
import { drawnLines, recordsOf, writeRun } from '../support/runs.js';

describe('live curves', function () {
  this.timeout(120_000);
  let run: string;
  let lock: RunLock;
  let training: NodeJS.Timeout;
  beforeEach(async () => {
    run = makeFolder();
    const folder = writeRun(path.dirname(run), path.basename(run), { records: recordsOf(0, 10) });
    lock = await RunLock.acquire(run);
    const goOn = () => {
      if (!existsSync(looking())) return;
      clearInterval(training);
      setTimeout(() => {
        folder.append(recordsOf(10, 30));
        lock.release();
      }, 500);
    };
    training = setInterval(goOn, 50);
  });
  afterEach(() => {
    clearInterval(training);
    lock.release();
    removeFolder(run);
  });

  /** A file that the program makes when it begins to watch. */
  const looking = () => path.join(run, 'looking');
  const program = () => [
    `import { writeFileSync } from 'fs';
     import { LiveCurves, watchRun } from 'mmp';`,
    `const records = ${JSON.stringify(recordsOf(0, 20))};
     const curves = new LiveCurves('Two curves', { levels: { level: 1 } });
     curves.add('a', records.slice(0, 10));
     curves.add('a', records.slice(10));
     await curves.finish();`,
    `writeFileSync(${JSON.stringify(looking())}, '');
     await watchRun(${JSON.stringify(run)});`,
  ];

  for (const kernel of kernelNames) {
    it(`move in the kernel ${kernel}`, async () => {
      const folder = path.join(projectRoot, 'notebooks');
      const result = await runNotebook(notebookOf(...program()), {
        folder,
        kernel,
        cellSeconds: 60,
      });
      assert.equal(result.failure, undefined);
      const [, drawn, watched] = (result.notebook.cells as CodeCell[]).map(({ outputs }) =>
        outputs.map(({ data }) => data as Record<string, string>),
      );
      assert.deepEqual(
        drawn!.map((data) => data['text/plain']),
        ['Two curves'],
      );
      assert.equal(drawnLines(drawn![0]!['image/svg+xml']).length, 2);
      const texts = watched!.map((data) => data['text/plain']!);
      assert.deepEqual(
        texts.filter((text) => text.startsWith('The loss of')),
        [`The loss of ${run} in training`],
      );
      assert.ok(
        texts.some((text) => text.includes('30/30 · loss 0.1333 · took')),
        texts.join('\n'),
      );
    });
  }

  it('are written by a plain script', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--eval', program().join('\n')],
      { cwd: projectRoot },
    );
    const lines = stdout.trim().split('\n');
    const [first, watched, last] = lines;
    assert.equal(lines.length, 3, stdout);
    assert.match(watched!, /30\/30 · loss 0\.1333 · took/);
    for (const [line, title] of [
      [first, 'Two curves'],
      [last, `The loss of ${run} in training`],
    ]) {
      const start = `[figure] ${title}: `;
      assert.ok(line!.startsWith(start), line);
      rmSync(line!.slice(start.length));
    }
  });
});
