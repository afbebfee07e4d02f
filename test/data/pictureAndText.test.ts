import assert from 'node:assert/strict';
import { pictureAndTextAbsence, type MissingImage } from '../../src/data/pictureAndText.js';
import type { TextEncoder } from '../../src/data/text/encoder.js';
import { tf } from '../../src/tensor/tf.js';
import { assertSteady } from '../support/leaks.js';

/** Begins with 2, ends with 3, pads with 0; every letter is its code. */
const letters: TextEncoder = {
  length: 5,
  vocabularySize: 256,
  encode(text) {
    const ids = [2, ...Buffer.from(text), 3];
    const padding = Array<number>(5 - ids.length).fill(0);
    return {
      ids: Int32Array.from([...ids, ...padding]),
      mask: Int32Array.from([...ids.map(() => 1), ...padding]),
    };
  },
};

describe('the absence of pictures and texts', () => {
  const inputs = () => ({
    text: tf.tensor2d([2, 97, 98, 99, 3, 2, 98, 3, 0, 0], [2, 5], 'int32'),
    textMask: tf.tensor2d([1, 1, 1, 1, 1, 1, 1, 1, 0, 0], [2, 5], 'int32'),
    image: tf.tensor4d([0.5, 0, -0.5, 0, 0, 0], [2, 1, 1, 3]),
    imageMask: tf.tensor2d([1, 0], [2, 1], 'int32'),
  });
  const seen = (masked: string[], mode: MissingImage = 'ones') =>
    pictureAndTextAbsence(letters, mode).inputs(inputs(), masked);

  it('is the encoded empty string for a text, and the picture stays', async () => {
    const { text, textMask, image, imageMask } = seen(['text']);
    assert.deepEqual(await text!.array(), [
      [2, 3, 0, 0, 0],
      [2, 3, 0, 0, 0],
    ]);
    assert.deepEqual(await textMask!.array(), [
      [1, 1, 0, 0, 0],
      [1, 1, 0, 0, 0],
    ]);
    assert.deepEqual([text!.dtype, textMask!.dtype], ['int32', 'int32']);
    assert.deepEqual([...(await image!.data())], [0.5, 0, -0.5, 0, 0, 0]);
    assert.deepEqual(await imageMask!.array(), [[1], [0]]);
  });

  it('is a picture of one value, all of it real, and the text stays', async () => {
    for (const [mode, value] of [
      ['ones', 1],
      ['black', -1],
      ['zeroTokens', 0],
    ] as const) {
      const { text, textMask, image, imageMask } = seen(['image'], mode);
      assert.deepEqual([image!.shape, image!.dtype], [[2, 1, 1, 3], 'float32']);
      assert.deepEqual([...(await image!.data())], Array(6).fill(value));
      assert.deepEqual(await imageMask!.array(), [[1], [1]]);
      assert.equal(imageMask!.dtype, 'int32');
      assert.deepEqual(await text!.array(), await inputs().text.array());
      assert.deepEqual(await textMask!.array(), await inputs().textMask.array());
    }
  });

  it('zeroes the tokens of the image in one mode alone', () => {
    const zeroed = (mode: MissingImage) => pictureAndTextAbsence(letters, mode).zeroTokens;
    assert.deepEqual([zeroed('ones'), zeroed('black'), zeroed('zeroTokens')], [[], [], ['image']]);
  });

  it('adds no mask and no modality that the inputs lack', () => {
    const { text, image } = inputs();
    const absence = pictureAndTextAbsence(letters, 'ones');
    assert.deepEqual(Object.keys(absence.inputs({ image }, ['text', 'image'])), ['image']);
    assert.deepEqual(Object.keys(absence.inputs({ text }, ['image'])), ['text']);
    assert.equal(absence.inputs({ image }, []).image, image);
  });

  it('keeps no tensor but the new ones', async () => {
    const given = inputs();
    const absence = pictureAndTextAbsence(letters, 'black');
    // Everything is missing, so all that is disposed of is new.
    await assertSteady(() => {
      tf.dispose({ ...absence.inputs(given, ['image', 'text']) });
    });
  });
});
