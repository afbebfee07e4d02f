/** Rows copied from one place to another, each with a stride of its own. */
import { address, at, integer } from './arguments';
import { loadUpTo, storeUpTo } from './parts';

/** Arguments: rows, width, rows per chunk, from, its stride, to, its stride. */
export function copyRows(block: usize, chunk: i32): void {
  const width = integer(block, 1);
  const first = chunk * integer(block, 2);
  const last = min(first + integer(block, 2), integer(block, 0));
  for (let row = first; row < last; row++) {
    const from = at(address(block, 3), row * integer(block, 4));
    const to = at(address(block, 5), row * integer(block, 6));
    for (let i = 0; i < width; i += 4) storeUpTo(to, i, width, loadUpTo(from, i, width, 0));
  }
}
