/** What cells show in JupyterLab: figures, progress, values. */
import assert from 'node:assert/strict';
import { lab } from './setup.js';
import { until } from './until.js';

describe('outputs', () => {
  it('a figure is drawn by Plotly, its bars as high as their values say', async () => {
    const title = 'Each bar is higher than the one before';
    const notebook = await lab.open(
      'figure',
      "import { bars, show } from 'mmp';",
      `const share = { name: 'share', values: [1, 2, 3] };
const labels = ['a', 'b', 'c'];
await show(bars([share], { title: '${title}', labels: labels, valueTitle: 'share' }));`,
      '',
    );
    await notebook.run(1);
    await notebook.run(2);
    const heights = () => notebook.heightsIn(2, '.js-plotly-plot svg .barlayer .point path');
    await until(async () => (await heights()).length > 0, 10);
    const drawn = await heights();
    assert.equal(drawn.length, 3);
    const unit = drawn[0]!;
    assert.ok(unit > 10, `the first bar is ${unit} pixels high`);
    assert.deepEqual(
      drawn.map((height) => Number((height / unit).toFixed(1))),
      [1, 2, 3],
    );
    assert.deepEqual(await notebook.textsIn(2, '.js-plotly-plot .gtitle'), [title]);
    await notebook.screenshot('figure');
  });

  it('progress is redrawn in place while the cell runs', async () => {
    const notebook = await lab.open(
      'progress',
      "import { track } from 'mmp';",
      `for (const item of track([...Array(20).keys()], { label: 'items' })) {
  await new Promise((resolve) => setTimeout(resolve, 100));
}`,
      '',
    );
    await notebook.run(1);
    const states = await notebook.watch(2);
    await notebook.start(2);
    await notebook.untilShows(2, /^items [1-9]/);
    await notebook.screenshot('progress');
    assert.equal(await notebook.prompt(2), '[*]:');
    await notebook.untilFinished(2);
    await notebook.untilShows(2, /^items 20\/20 · took \d+ s$/);
    const seen = await states();
    assert.ok(
      seen.every((outputs) => outputs.length <= 1),
      JSON.stringify(seen),
    );
    const texts = new Set(seen.flat());
    assert.ok(texts.size >= 3, [...texts].join('\n'));
    assert.equal((await notebook.outputs(2)).length, 1);
  });

  it('a tensor shows its shape and values, and a data frame is a table', async () => {
    const notebook = await lab.open(
      'values',
      `import { openNotebook, tf } from 'mmp';
import { DataFrame } from 'danfojs-node';
await openNotebook();`,
      'tf.tensor([1.5, 2, 3, 4, 5, 6], [2, 3])',
      "new DataFrame({ name: ['a', 'b'], share: [0.25, 0.75] })",
      '',
    );
    await notebook.run(1);
    await notebook.run(2);
    await notebook.untilShows(2, /\[2, 3\]/);
    await notebook.untilShows(2, /1\.5\b.*\b2\b.*\b3\b.*\b4\b.*\b5\b.*\b6\b/s);
    await notebook.run(3);
    await notebook.untilShows(3, /name/);
    await notebook.screenshot('values');
    const cells = await notebook.textsIn(3, '.jp-OutputArea-output table :is(th, td)');
    for (const text of ['name', 'share', 'a', '0.25', 'b', '0.75']) {
      assert.ok(cells.includes(text), `"${text}" is not among ${cells.join(', ')}`);
    }
  });
});
