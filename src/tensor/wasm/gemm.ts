/** Matrix products by the kernel of assembly/gemm.ts. */
import type { Address, Team } from './team.js';

/** Where a matrix lies and how far its elements are apart, in values. */
export interface Matrix {
  readonly at: Address;
  readonly row: number;
  readonly column: number;
  /** From one product of the batch to the next; 0 where the batch shares the matrix */
  readonly batch?: number;
  readonly head?: number;
  /** From one term of the sum to the next */
  readonly term?: number;
}

export interface Products {
  readonly rows: number;
  readonly columns: number;
  /** The length of the common axis */
  readonly depth: number;
  /** How many products, each of all heads */
  readonly batch?: number;
  readonly heads?: number;
  /** How many products are added up */
  readonly terms?: number;
  readonly scale?: number;
  /** Adds the products to C instead of replacing it */
  readonly accumulate?: boolean;
  /** One value per column, added to every row */
  readonly bias?: { readonly at: Address; readonly batch?: number; readonly head?: number };
  readonly a: Matrix;
  readonly b: Matrix;
  /** Rows of C are contiguous. */
  readonly c: Omit<Matrix, 'column' | 'term'>;
}

/** Multiply-adds that are worth a chunk of their own. */
const chunkWork = 65536;

/** C = scale·Σ_terms A·B + bias for each head of each product of the batch. */
export function gemm(team: Team, products: Products): void {
  const { rows, columns, depth, a, b, c, bias } = products;
  const { batch = 1, heads = 1, terms = 1, scale = 1, accumulate = false } = products;
  const fitting = Math.ceil(chunkWork / Math.max(1, columns * depth * terms));
  const rowsPerChunk = Math.max(16, 4 * Math.ceil(fitting / 4));
  const chunks = batch * heads * Math.ceil(rows / rowsPerChunk);
  team.run(
    'gemm',
    chunks,
    [
      ...[rows, columns, depth, rowsPerChunk, heads, terms, Number(accumulate), bias?.at ?? 0],
      ...[a.at, a.row, a.column, a.batch ?? 0, a.head ?? 0, a.term ?? 0],
      ...[b.at, b.row, b.column, b.batch ?? 0, b.head ?? 0, b.term ?? 0],
      ...[c.at, c.row, c.batch ?? 0, c.head ?? 0],
      ...[bias?.batch ?? 0, bias?.head ?? 0],
    ],
    [scale],
  );
}
