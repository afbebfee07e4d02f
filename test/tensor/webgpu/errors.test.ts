/** What goes wrong on the device is reported at the next read; TF.js alone would read zeros. */
import assert from 'node:assert/strict';
import { tf } from '../../../src/tensor/tf.js';
import { inNewProcess } from '../../support/process.js';
import { onlyOn } from '../../support/skip.js';

/** Starts webgpu, does something, reads a product, and prints what that gives. */
const readAfter = (deed: string) =>
  inNewProcess(`
    const { tf } = from('tf.js');
    await from('backend.js').useBackend('webgpu');
    const { device } = tf.backend();
    const product = tf.mul(tf.tensor([1, 2]), 3);
    ${deed}
    await product.data().then((values) => console.log([...values].join()), ({ message }) => console.log(message));`);

describe('an error of the device', () => {
  before(function () {
    onlyOn(this, 'webgpu');
  });

  it('is not there by itself', () => {
    const { status, stdout } = readAfter('');
    assert.deepEqual({ status, stdout }, { status: 0, stdout: '3,6\n' });
  });

  for (const [what, deed, message] of [
    [
      'a shader that does not compile',
      'device.createShaderModule({ code: "fn main( {" });',
      /^webgpu: Error while parsing WGSL: /,
    ],
    [
      'a buffer larger than the device has',
      'device.createBuffer({ size: 2 * device.limits.maxBufferSize, usage: GPUBufferUsage.STORAGE });',
      /^webgpu: Buffer size \(\d+\) exceeds the max buffer size limit/,
    ],
    [
      'a tensor larger than the device has',
      'tf.fill([Math.ceil(device.limits.maxBufferSize / 4) + 1], 1);',
      /^webgpu: Buffer size \(\d+\) exceeds the max buffer size limit/,
    ],
    [
      'the loss of the device',
      'device.destroy(); await device.lost;',
      /^webgpu: the device is lost \(destroyed\)/,
    ],
    [
      'the loss of the device before it has been told',
      'device.destroy();',
      /^webgpu: the device is lost \(destroyed\)/,
    ],
  ] as const) {
    it(`is reported at the next read: ${what}`, () => {
      const { status, stdout } = readAfter(deed);
      assert.match(stdout, message);
      assert.equal(status, 0);
    });
  }
});

describe('reading on webgpu', () => {
  before(function () {
    onlyOn(this, 'webgpu');
  });

  it('says how where it is done synchronously', () => {
    const message = 'webgpu reads asynchronously only: use await x.data(), not x.dataSync()';
    const made = tf.tensor([1, 2]);
    const computed = tf.mul(made, 3);
    /* eslint-disable no-restricted-properties -- what is forbidden is what is tried here */
    for (const x of [made, computed]) {
      assert.throws(() => x.dataSync(), { message });
      assert.throws(() => x.arraySync(), { message });
      assert.throws(() => x.toString(), { message });
    }
    /* eslint-enable no-restricted-properties */
    tf.dispose([made, computed]);
  });

  it('still works afterwards', async () => {
    const computed = tf.mul(tf.tensor([1, 2]), 3);
    assert.deepEqual([...(await computed.data())], [3, 6]);
  });
});
