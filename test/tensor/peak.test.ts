/** The most that tensors hold at a time, of tensors whose sizes are known. */
import assert from 'node:assert/strict';
import { peakBytes } from '../../src/tensor/peak.js';
import { tf } from '../../src/tensor/tf.js';

const kilobyte = () => tf.zeros([256]);

describe('peakBytes', () => {
  it('is the most at a time, and not all that there was', async () => {
    const bytes = await peakBytes(() => {
      tf.dispose([kilobyte(), kilobyte()]);
      tf.dispose([kilobyte(), kilobyte(), kilobyte()]);
      tf.dispose(kilobyte());
    });
    assert.equal(bytes, 3 * 1024);
  });

  it('counts what is held already as nothing, and what goes of it as room', async () => {
    const held = kilobyte();
    assert.equal(await peakBytes(() => undefined), 0);
    const bytes = await peakBytes(() => {
      held.dispose();
      tf.dispose([kilobyte(), kilobyte()]);
    });
    assert.equal(bytes, 1024);
  });

  it('counts values once that several tensors share, as those kept for a gradient do', async () => {
    const x = kilobyte();
    const bytes = await peakBytes(() => {
      tf.dispose([x.clone(), x.clone()]);
    });
    assert.equal(bytes, 0);
    x.dispose();
  });

  it('waits for what is asynchronous, and watches no longer than it runs', async () => {
    const made: tf.Tensor[] = [];
    const bytes = await peakBytes(async () => {
      await Promise.resolve();
      made.push(kilobyte());
    });
    assert.equal(bytes, 1024);
    await assert.rejects(
      peakBytes(() => {
        throw new Error('broken');
      }),
      /broken/,
    );
    assert.deepEqual(Object.keys(tf.engine().state.tensorInfo), []);
    tf.dispose(made);
  });
});
