/** Errors in JupyterLab: in red, at their cell, and in the notebook that is saved. */
import assert from 'node:assert/strict';
import { readNotebook, type CodeCell, type Output } from '../../src/notebook/format.js';
import { errorMime, type OpenNotebook } from './notebook.js';
import { lab } from './setup.js';

describe('errors', () => {
  it('stop Run All, and are shown in red with name, message and line', async () => {
    const notebook = await lab.open(
      'error',
      'console.log("before");',
      `interface Unused {
  readonly text: string;
}

throw new RangeError('no such step');`,
      'console.log("after");',
    );
    await notebook.runAll();
    await notebook.untilShows(2, /RangeError: no such step/);
    await notebook.screenshot('error');
    await assertRed(notebook, 2);
    await notebook.untilShows(2, /line 5\b|:5:/);
    assert.deepEqual(await notebook.prompts(), ['[1]:', '[2]:', '[ ]:']);
    assert.deepEqual(await notebook.outputs(3), []);
    assert.deepEqual(await savedErrors(notebook, 2), ['RangeError: no such step']);
  });

  it('of promises that nobody awaits are shown in the cell that started them', async () => {
    const notebook = await lab.open(
      'rejection',
      `async function step(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 300));
  throw new RangeError('nobody waits for me');
}`,
      'void step();',
      'console.log("next");',
      '',
    );
    await notebook.run(1);
    await notebook.run(2);
    await notebook.untilShows(2, /RangeError: nobody waits for me/);
    await notebook.screenshot('rejection');
    await assertRed(notebook, 2);
    assert.deepEqual(await notebook.outputs(1), []);
    assert.equal(await notebook.run(3), '[3]:');
    // That it failed counts once more where it is not overlooked: in the answer to the next cell.
    await notebook.untilShows(
      3,
      /^next\s+LateFailure: cell \[2\] failed after it had ended: RangeErr/,
    );
    assert.equal(await notebook.run(3), '[4]:');
    await notebook.untilShows(3, /^next\n$/);
    assert.deepEqual(await savedErrors(notebook, 2), ['RangeError: nobody waits for me']);
  });
});

/** Asserts that a cell shows one output, as Lab shows errors: more red than anything else. */
async function assertRed(notebook: OpenNotebook, cell: number): Promise<void> {
  const mimes = (await notebook.outputs(cell)).map(({ mime }) => mime);
  assert.deepEqual(mimes, [errorMime]);
  const [background] = await notebook.backgroundsOf(cell);
  const [red, green, blue] = (background!.match(/\d+/g) ?? []).map(Number);
  assert.ok(red! > Math.max(green!, blue!) + 20, `it stands on ${background}`);
}

/** The errors of a cell in the file that Lab saves; text on stderr, which looks alike, is none. */
async function savedErrors(notebook: OpenNotebook, cell: number): Promise<string[]> {
  await notebook.save();
  const { outputs } = readNotebook(lab.fileOf(notebook.name)).cells[cell - 1] as CodeCell;
  const errors = outputs.filter((output) => output.output_type === 'error');
  return errors.map(({ ename, evalue }: Output) => `${String(ename)}: ${String(evalue)}`);
}
