/** Sums of products in Einstein's notation. */
import { tf } from './tf.js';

/**
 * The product of two tensors, summed over the letters that the result lacks: `'bqd,bkd->bqk'` is Q·Kᵀ of
 * each sample. A letter of only one factor must be in the result. Native TensorFlow has one operation for
 * it; TF.js's own einsum on other backends multiplies value by value, so there it is a matrix product
 * between transpositions.
 */
export function contract(equation: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  if (tf.getBackend() === 'tensorflow') return tf.einsum(equation, a, b);
  const [ofA, ofB, ofResult] = equation.split(/,|->/).map((letters) => Array.from(letters)) as [
    string[],
    string[],
    string[],
  ];
  const size = new Map<string, number>();
  ofA.forEach((letter, axis) => size.set(letter, a.shape[axis]!));
  ofB.forEach((letter, axis) => size.set(letter, b.shape[axis]!));
  const sizes = (letters: string[]) => letters.map((letter) => size.get(letter)!);
  const count = (letters: string[]) => tf.util.sizeFromShape(sizes(letters));

  const shared = ofResult.filter((letter) => ofA.includes(letter) && ofB.includes(letter));
  const rows = ofResult.filter((letter) => !ofB.includes(letter));
  const columns = ofResult.filter((letter) => !ofA.includes(letter));
  const summed = ofA.filter((letter) => !ofResult.includes(letter));

  const ordered = (x: tf.Tensor, from: string[], to: string[]) =>
    from.join() === to.join()
      ? x
      : tf.transpose(
          x,
          to.map((letter) => from.indexOf(letter)),
        );
  const left = ordered(a, ofA, [...shared, ...rows, ...summed]);
  const right = ordered(b, ofB, [...shared, ...summed, ...columns]);
  const product = tf.matMul(
    tf.reshape(left, [count(shared), count(rows), count(summed)]),
    tf.reshape(right, [count(shared), count(summed), count(columns)]),
  );
  const found = [...shared, ...rows, ...columns];
  return ordered(tf.reshape(product, sizes(found)), found, ofResult);
}
