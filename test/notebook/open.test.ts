/** A notebook forces its backend, by name or by the environment, and never gets another. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { runNotebook } from '../../src/notebook/run.js';
import { openingOf } from '../../src/site/site.js';
import { backendRequests, type BackendRequest } from '../../src/tensor/backend.js';
import { notebookOf } from '../support/notebooks.js';

const folder = path.join(projectRoot, 'notebooks');
const source = path.join(__dirname, '..', '..', 'src', 'tensor', 'backend.js');

/** What becomes of a request in a process of its own: a description, or the error's message. */
function inNode(request: BackendRequest): { name: string; device: string } | string {
  const code = `require(${JSON.stringify(source)}).useBackend('${request}').then(
    (description) => console.log(JSON.stringify(description)),
    ({ message }) => console.log(JSON.stringify(message)),
  )`;
  const { stdout } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  return JSON.parse(stdout) as ReturnType<typeof inNode>;
}

describe('openNotebook', function () {
  this.timeout(120_000);
  const asked = process.env.MMP_BACKEND;
  afterEach(() => {
    if (asked === undefined) delete process.env.MMP_BACKEND;
    else process.env.MMP_BACKEND = asked;
  });

  for (const request of backendRequests) {
    it(`runs on ${request}, or says why it cannot`, async () => {
      const expected = inNode(request);
      const opening = `import { openNotebook } from "mmp"; await openNotebook("${request}");`;
      const { notebook, failure } = await runNotebook(
        notebookOf(opening, 'import { tf } from "mmp"; console.log(await tf.sum([1, 2]).data());'),
        { folder, cellSeconds: 60 },
      );
      if (typeof expected === 'string') {
        assert.equal(failure?.cell, 1);
        assert.ok(failure.reason.includes(expected), failure.reason);
      } else {
        assert.equal(failure, undefined);
        const { name, device } = openingOf(notebook)!;
        assert.deepEqual({ name, device }, { name: expected.name, device: expected.device });
        assert.match(JSON.stringify(notebook.cells[1]), /Float32Array\(1\) \[ 3 \]/);
      }
    });
  }

  it('takes the backend of the environment where it is given none', async () => {
    process.env.MMP_BACKEND = 'cpu';
    const opening = 'import { openNotebook } from "mmp"; await openNotebook();';
    const { notebook } = await runNotebook(notebookOf(opening), { folder, cellSeconds: 60 });
    assert.equal(openingOf(notebook)!.name, 'cpu');
  });
});
