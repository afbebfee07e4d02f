/** Tensors of a cell that is run again: those that nobody can reach any more are freed, and no others. */
import assert from 'node:assert/strict';
import { sharedKernel, type KernelSession } from '../../support/kernelSession.js';

describe('the tensors of a cell that is run again', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  before(async () => {
    kernel = await sharedKernel();
    await kernel.run("import { tf, useBackend } from 'mmp';\nawait useBackend('cpu');");
  });
  /** How many there are, after what other tests have left behind is gone. */
  const count = async () => {
    for (let run = 0; run < 2; run++) await kernel.run('const collected = tf.zeros([1]);');
    return Number(await kernel.evaluate('tf.memory().numTensors'));
  };
  const runThrice = async (code: string) => {
    for (let run = 0; run < 3; run++) {
      assert.equal((await kernel.run(code)).reply.status, 'ok');
    }
  };

  it('are those of one run, results and variables too', async () => {
    const code = `
      const rows = tf.randomUniform([4, 3]);
      const weights = tf.variable(tf.zeros([3, 2]));
      let product = rows.matMul(weights as tf.Tensor2D);
      await product.data();
      product;`;
    const before = await count();
    await kernel.run(code);
    const once = await count();
    // rows, weights and product; their zeros are out of reach
    assert.equal(once - before, 3);
    await runThrice(code);
    assert.equal(await count(), once);
    assert.equal(await kernel.evaluate('product.shape.join()'), '4,2');
    assert.equal(await kernel.evaluate('String((await weights.data()).length)'), '6');
  });

  it('are kept where something else reaches them', async () => {
    await kernel.run('const kept: tf.Tensor[] = [];');
    const before = await count();
    await runThrice('const made = tf.ones([2]);\nkept.push(made);');
    assert.equal((await count()) - before, 3);
    const sums = 'kept.map((tensor) => tensor.isDisposed).join()';
    assert.equal(await kernel.evaluate(sums), 'false,false,false');
    assert.equal(await kernel.evaluate('(await tf.addN(kept).data()).join()'), '3,3');
  });

  it('are kept where a variable of another cell has them', async () => {
    await kernel.run('let holder: { tensor?: tf.Variable } = {};');
    await kernel.run('holder.tensor ??= tf.variable(tf.ones([3]));');
    await runThrice('holder.tensor ??= tf.variable(tf.ones([3]));');
    assert.equal(await kernel.evaluate('holder.tensor?.isDisposed'), 'false');
    assert.equal(await kernel.evaluate('(await holder.tensor!.data()).join()'), '1,1,1');
  });
});
