/** Matrix products by the kernel of assembly/gemm.ts. */
import type { Matrix, Products } from '../kernelDevice.js';
import type { Team } from './team.js';

/** Multiply-adds that are worth a chunk of their own. */
const chunkWork = 65536;

export function gemm(team: Team, products: Products): void {
  const { rows, columns, depth, a, b, c, bias } = products;
  const { batch = 1, heads = 1, terms = 1, scale = 1, accumulate = false } = products;
  const fitting = Math.ceil(chunkWork / Math.max(1, columns * depth * terms));
  const rowsPerChunk = Math.max(16, 4 * Math.ceil(fitting / 4));
  const chunks = batch * heads * Math.ceil(rows / rowsPerChunk);
  const begin = ({ at, start = 0 }: Pick<Matrix, 'at' | 'start'>) => team.address(at) + 4 * start;
  team.run(
    'gemm',
    chunks,
    [
      ...[rows, columns, depth, rowsPerChunk, heads, terms, Number(accumulate)],
      bias ? begin(bias) : 0,
      ...[begin(a), a.row, a.column, a.batch ?? 0, a.head ?? 0, a.term ?? 0],
      ...[begin(b), b.row, b.column, b.batch ?? 0, b.head ?? 0, b.term ?? 0],
      ...[begin(c), c.row, c.batch ?? 0, c.head ?? 0],
      ...[bias?.row ?? 0, bias?.batch ?? 0, bias?.head ?? 0],
    ],
    [scale],
  );
}
