/** The toolbar's stop button in JupyterLab: it stops what never ends, and the kernel lives on. */
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { lab } from './setup.js';
import { until } from './until.js';

const prelude = `import { writeFileSync } from 'node:fs';
import { AdamW, openNotebook, Parameters, tf, train } from 'mmp';
await openNotebook();
const state = { steps: 0 };`;

/** Each begins by writing a file, because a loop that does not wait says nothing in Lab. */
const endless: readonly [string, string][] = [
  [
    'an endless training',
    `const parameters = new Parameters(1);
parameters.add('w', [1], () => Float32Array.of(1));
const optimiser = new AdamW([{ parameters: parameters }]);
const losses = () => {
  if (state.steps++ === 0) writeFileSync('begun', '');
  return { total: tf.sum(tf.square(parameters.get('w'))) };
};
await train({ steps: Infinity, optimiser: optimiser, learningRate: () => 0.001, losses: losses });`,
  ],
  [
    'an endless loop that waits',
    `writeFileSync('begun', '');
for (;;) {
  state.steps++;
  await new Promise((resolve) => setTimeout(resolve, 10));
}`,
  ],
  [
    'an endless loop that does not wait',
    `await new Promise((resolve) => setTimeout(resolve, 10));
state.steps++;
writeFileSync('begun', '');
for (;;);`,
  ],
];

const probe = `const before = state.steps;
await new Promise((resolve) => setTimeout(resolve, 1000));
console.log(before > 0, state.steps - before);`;

describe('the stop button', () => {
  for (const [name, loop] of endless) {
    it(`stops ${name}, and the kernel keeps its variables`, async function () {
      const notebook = await lab.open(name.replaceAll(' ', '-'), prelude, loop, probe, '');
      const begun = path.join(lab.notebooks, 'begun');
      rmSync(begun, { force: true });
      await notebook.run(1);
      await notebook.start(2);
      assert.ok(await until(() => existsSync(begun), 30), 'it did not begin');
      const start = performance.now();
      await notebook.interrupt();
      await notebook.untilFinished(2, 10);
      const seconds = (performance.now() - start) / 1000;
      this.test!.title += ` (stopped after ${seconds.toFixed(1)} s)`;
      await notebook.screenshot(`stopped-${notebook.name}`);
      assert.ok(seconds < 2, `it took ${seconds} s`);
      assert.equal(await notebook.run(3), '[3]:');
      await notebook.untilShows(3, /^true 0\n$/);
    });
  }
});
