/** Cells in JupyterLab: run one by one, run again after a restart, and a notebook of the workbook. */
import assert from 'node:assert/strict';
import { readNotebook } from '../../src/notebook/format.js';
import { kernel } from './lab.js';
import { errorMime } from './notebook.js';
import { lab } from './setup.js';

describe('cells', () => {
  it('run one by one in our kernel, and are counted', async () => {
    const notebook = await lab.open('counts', 'const x: number = 20;', 'console.log(x + 1);', '');
    assert.equal(await notebook.kernelTitle(), kernel.title);
    assert.deepEqual(await lab.kernelsOf(notebook), [kernel.name]);
    assert.deepEqual(await notebook.prompts(), ['[ ]:', '[ ]:', '[ ]:']);
    assert.equal(await notebook.run(1), '[1]:');
    assert.equal(await notebook.run(2), '[2]:');
    await notebook.untilShows(2, /^21\n$/);
    assert.equal(await notebook.run(2), '[3]:');
    assert.deepEqual(await notebook.prompts(), ['[1]:', '[3]:', '[ ]:']);
  });

  it('run again after a restart, which takes variables away and counts from 1', async () => {
    const notebook = await lab.open('restart', 'const kept = 41;', 'console.log(kept + 1);', '');
    await notebook.run(1);
    assert.equal(await notebook.run(2), '[2]:');
    await notebook.untilShows(2, /^42\n$/);
    await notebook.restart();
    await notebook.run(2);
    await notebook.untilShows(2, /kept/);
    await notebook.screenshot('restarted');
    assert.equal(await notebook.run(1), '[2]:');
    assert.equal(await notebook.run(2), '[3]:');
    await notebook.untilShows(2, /^42\n$/);
  });

  it('of notebook 2 run from the first to the last without an error', async () => {
    const name = '02-masking';
    const { cells } = readNotebook(lab.fileOf(name));
    const count = cells.filter((cell) => cell.cell_type === 'code').length;
    const notebook = await lab.openExisting(name);
    for (let cell = 1; cell <= count; cell++) {
      assert.equal(await notebook.run(cell), `[${cell}]:`);
    }
    await notebook.screenshot('notebook-2');
    for (let cell = 1; cell <= count; cell++) {
      const mimes = (await notebook.outputs(cell)).map(({ mime }) => mime);
      assert.ok(!mimes.includes(errorMime), `cell ${cell} shows an error`);
    }
  });
});
