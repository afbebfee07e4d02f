/** The value of a cell's last expression, as richly as front ends can show it. */
import { inspect } from 'node:util';
import type { Bundle } from '../display.js';
import { frameBundle, isFrame } from '../table.js';

/** Objects may say themselves how they are shown; the name is that of Deno's kernel. */
const displaySymbol = Symbol.for('Jupyter.display');

/** What we use of a TF.js tensor, whichever copy of TF.js made it. */
interface TensorLike {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly isDisposed: boolean;
  data(): Promise<ArrayLike<unknown>>;
  readonly toString: (this: object) => string;
}

/** The bundle of a value; reads tensors, so it takes a moment. */
export async function resultBundle(value: unknown): Promise<Bundle> {
  if (isTensor(value)) return { 'text/plain': await tensorText(value) };
  if (isFrame(value)) return frameBundle(value);
  if (isObject(value) && 'layout' in value) {
    // What draws figures takes a while to load.
    const { figureBundle, isFigure } = await import('../show.js');
    if (isFigure(value)) return figureBundle(value);
  }
  if (displaysItself(value)) return value[displaySymbol]();
  return { 'text/plain': typeof value === 'string' ? value : inspect(value) };
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function isTensor(value: unknown): value is TensorLike {
  return isObject(value) && 'dataId' in value && 'dtype' in value && 'isDisposed' in value;
}

/** Type and shape, then the values as TF.js prints them. */
async function tensorText(tensor: TensorLike): Promise<string> {
  const heading = `Tensor ${tensor.dtype} [${tensor.shape.join(', ')}]`;
  if (tensor.isDisposed) return `${heading}, disposed of`;
  const values = await tensor.data();
  const { shape, dtype } = tensor;
  // TF.js formats what it reads synchronously, which not every backend can; here it finds the values read.
  const text = tensor.toString.call({ shape, dtype, dataSync: () => values });
  return text.replace(/^Tensor/, heading);
}

function displaysItself(value: unknown): value is { [displaySymbol](): Bundle | Promise<Bundle> } {
  return isObject(value) && typeof (value as Record<symbol, unknown>)[displaySymbol] === 'function';
}
