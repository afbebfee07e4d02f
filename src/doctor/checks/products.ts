/**
 * A matrix product A·B and the gradient of Σ W∘(A·B), a sum weighted by W, in two ways: by TF.js on the
 * current backend, and in float64 with plain loops, from the closed forms ∂A = W·Bᵀ and ∂B = Aᵀ·W.
 */
import { compare } from '../../evaluation/compare.js';
import type { StoredTensor } from '../../files/safetensors.js';
import { tf } from '../../tensor/tf.js';

/** In float32, so that both ways start from the same numbers. */
export interface Factors {
  /** A [37, 53] */
  readonly left: StoredTensor;
  /** B [53, 29] */
  readonly right: StoredTensor;
  /** W [37, 29] */
  readonly weights: StoredTensor;
}

export interface Products {
  readonly product: StoredTensor;
  readonly leftGradient: StoredTensor;
  readonly rightGradient: StoredTensor;
}

export interface Errors {
  /** Relative to the largest value; Infinity where a value is not finite */
  readonly productError: number;
  readonly gradientError: number;
}

/** Odd sizes, so that the edges of the kernels' tiles are computed with, too. */
const [rows, inner, columns] = [37, 53, 29];

/** Factors of both signs without a pattern that a wrong order of elements could hide behind. */
export function makeFactors(): Factors {
  const matrix = (height: number, width: number, pace: number): StoredTensor => ({
    shape: [height, width],
    values: Float32Array.from({ length: height * width }, (_, place) =>
      Math.sin(pace * (place + 1) ** 2),
    ),
  });
  return {
    left: matrix(rows, inner, 0.37),
    right: matrix(inner, columns, 0.53),
    weights: matrix(rows, columns, 0.71),
  };
}

/** In float64. */
export function exactProducts({ left, right, weights }: Factors): Products {
  return {
    product: multiply(left, right),
    leftGradient: multiply(weights, transpose(right)),
    rightGradient: multiply(transpose(left), weights),
  };
}

function multiply(left: StoredTensor, right: StoredTensor): StoredTensor {
  const [height, depth] = left.shape as [number, number];
  const width = right.shape[1]!;
  const values = new Float64Array(height * width);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let place = 0; place < depth; place++) {
        sum += left.values[row * depth + place]! * right.values[place * width + column]!;
      }
      values[row * width + column] = sum;
    }
  }
  return { shape: [height, width], values };
}

function transpose({ shape, values }: StoredTensor): StoredTensor {
  const [height, width] = shape as [number, number];
  const turned = Float64Array.from(
    values,
    (_, place) => values[(place % height) * width + Math.floor(place / height)]!,
  );
  return { shape: [width, height], values: turned };
}

/** Computes on the current backend, and compares. */
export async function productErrors(factors: Factors, exact: Products): Promise<Errors> {
  const given = [factors.left, factors.right, factors.weights].map(({ shape, values }) =>
    tf.tensor2d(Float32Array.from(values), shape as [number, number]),
  ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
  const [left, right, weights] = given;
  const product = tf.matMul(left, right);
  const gradients = tf.grads((a: tf.Tensor, b: tf.Tensor) =>
    tf.sum(tf.mul(weights, tf.matMul(a, b))),
  )([left, right]) as [tf.Tensor, tf.Tensor];
  const error = async (name: string, actual: tf.Tensor, expected: StoredTensor) =>
    (await compare(name, actual, expected, 0)).error;
  try {
    return {
      productError: await error('product', product, exact.product),
      gradientError: Math.max(
        await error('gradient of the left factor', gradients[0], exact.leftGradient),
        await error('gradient of the right factor', gradients[1], exact.rightGradient),
      ),
    };
  } finally {
    tf.dispose([...given, product, ...gradients]);
  }
}
