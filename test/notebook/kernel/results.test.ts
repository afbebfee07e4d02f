/** The value of a cell's last expression, in every form that front ends can show. */
import assert from 'node:assert/strict';
import { resultOf, sharedKernel, type KernelSession } from '../../support/kernelSession.js';

describe('the result of a cell', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  before(async () => {
    kernel = await sharedKernel();
    await kernel.run("import { bars, tf, useBackend } from 'mmp';\nawait useBackend('cpu');");
  });
  const bundleOf = async (code: string) => resultOf(await kernel.run(code));

  const plain: [string, string, string][] = [
    ['a number', '1 / 8', '0.125'],
    ['a string', '"with \\"quotes\\"\\n"', 'with "quotes"\n'],
    [
      'an object',
      '({ a: [1, 2], b: new Map([["c", 3]]) })',
      "{ a: [ 1, 2 ], b: Map(1) { 'c' => 3 } }",
    ],
    ['zero', '0', '0'],
    ['false', 'false', 'false'],
    ['an empty string', '""', ''],
    ['what a promise holds', 'await Promise.resolve("awaited")', 'awaited'],
    [
      'a tensor',
      'tf.tensor2d([[1, 2], [3, 4.5]])',
      'Tensor float32 [2, 2]\n    [[1, 2  ],\n     [3, 4.5]]',
    ],
    ['a scalar', 'tf.scalar(3, "int32")', 'Tensor int32 []\n    3'],
    [
      'a tensor that is gone',
      'const gone = tf.zeros([2, 3]); gone.dispose(); gone',
      'Tensor float32 [2, 3], disposed of',
    ],
  ];
  for (const [name, code, text] of plain) {
    it(`is text for ${name}`, async () => {
      assert.deepEqual(await bundleOf(code), { 'text/plain': text });
    });
  }

  for (const code of ['undefined', 'null', 'const nothing = 1;', '']) {
    it(`is none for ${code || 'an empty cell'}`, async () => {
      const executed = await kernel.run(code);
      assert.equal(executed.reply.status, 'ok');
      assert.equal(resultOf(executed), undefined);
    });
  }

  it('is what an object says itself', async () => {
    const bundle = { 'text/html': '<b>bold</b>', 'text/plain': 'bold' };
    const code = `({ [Symbol.for('Jupyter.display')]: async () => (${JSON.stringify(bundle)}) })`;
    assert.deepEqual(await bundleOf(code), bundle);
  });

  it('is a table for a frame of danfo', async () => {
    const bundle = await bundleOf(
      "import { DataFrame } from 'danfojs-node';\nnew DataFrame({ bird: ['canary', '<wren>'], count: [1, 2] });",
    );
    assert.match(String(bundle?.['text/html']), /<table.*canary.*&lt;wren&gt;.*<\/table>/s);
    assert.match(String(bundle?.['text/plain']), /bird/);
  });

  it('is a picture for a figure of Plotly, with its data', async () => {
    const bundle = await bundleOf(
      "({ data: [{ type: 'bar', x: ['a', 'b'], y: [1, 2] }], layout: { width: 300, height: 200, title: { text: 'two bars' } } })",
    );
    assert.equal(bundle?.['text/plain'], 'two bars');
    assert.match(String(bundle['image/svg+xml']), /<svg.*two bars.*<\/svg>/s);
    const { data } = bundle['application/vnd.plotly.v1+json'] as { data: unknown };
    assert.deepEqual(data, [{ type: 'bar', x: ['a', 'b'], y: [1, 2] }]);
  });

  it('is an error where it cannot be shown', async () => {
    const executed = await kernel.run(
      "({ [Symbol.for('Jupyter.display')]: () => { throw new Error('shy'); } })",
    );
    assert.equal(executed.reply.status, 'error');
    assert.equal(executed.reply.evalue, 'shy');
  });
});
