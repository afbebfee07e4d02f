/** What tensors there are, for a reader who wonders where the memory went. */
import { runningKernel } from '../interruption.js';
import { tf } from '../tensor/tf.js';
import { table } from './table.js';

const mebibytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

/**
 * Shows how many tensors are alive and how much memory they take, in our kernel by the cell that made them,
 * after freeing those that nobody can reach any more.
 */
export async function memory(): Promise<void> {
  const cells = (await runningKernel()?.tensors()) ?? [];
  const rows = cells.map(({ label, tensors, bytes }) => [label, tensors, mebibytes(bytes)]);
  const { numTensors, numBytes } = tf.memory();
  const process = mebibytes(globalThis.process.memoryUsage().rss);
  table(
    ['made by', 'tensors', 'MiB'],
    [
      ...rows,
      ['all together', numTensors, mebibytes(numBytes)],
      ['the whole process', '', process],
    ],
  );
}
