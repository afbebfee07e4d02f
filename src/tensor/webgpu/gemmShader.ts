/**
 * The shaders of matrix products. A workgroup of 16 × 16 threads computes a tile of C, up to 64 × 64; it goes
 * along the common axis in steps of 16, for which it brings tiles of A and B into its own memory.
 */
import type { Shader } from './shader.js';

/** Threads along each side of a workgroup, and the step along the common axis */
export const side = 16;

/** What a shader is made for. */
export interface Variant {
  /** Rows and columns of C that one thread computes, 16 apart */
  readonly rowsEach: number;
  readonly columnsEach: number;
  /** Whether neighbours in memory are neighbours along the common axis; they are read by neighbouring threads */
  readonly aAlongDepth: boolean;
  readonly bAlongDepth: boolean;
  /** Whether several products are added up */
  readonly terms: boolean;
}

const matrixArguments = (name: string) =>
  ['start', 'row', 'column', 'batch', 'head', 'term'].map((part) => `${name}_${part}`);

const integers = [
  ...['rows', 'columns', 'depth', 'heads', 'parts', 'part_length', 'all_depth'],
  ...['accumulate', 'has_bias', 'bias_row', 'bias_batch', 'bias_head'],
  ...matrixArguments('a'),
  ...matrixArguments('b'),
  ...['c_start', 'c_row', 'c_batch', 'c_head', 'c_part'],
];

const shaders = new Map<string, Shader>();

/** C = scale·A·B + bias over a part of the common axis. */
export function productShader(variant: Variant): Shader {
  const name = `gemm ${Object.values(variant).map(Number).join(' ')}`;
  let shader = shaders.get(name);
  if (!shader) {
    shader = { name, ...codeFor(variant) };
    shaders.set(name, shader);
  }
  return shader;
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

function codeFor(variant: Variant): Omit<Shader, 'name'> {
  const { rowsEach, columnsEach, aAlongDepth, bAlongDepth, terms } = variant;
  const [tileRows, tileColumns] = [side * rowsEach, side * columnsEach];
  /** The place of element k of the common axis, over all terms. */
  const along = (matrix: string) =>
    terms
      ? `(k / u.depth) * u.${matrix}_term + (k % u.depth) * u.${matrix}_${matrix === 'a' ? 'column' : 'row'}`
      : `k * u.${matrix}_${matrix === 'a' ? 'column' : 'row'}`;
  const cells = range(rowsEach).flatMap((i) => range(columnsEach).map((j) => [i, j] as const));
  return {
    reads: ['a', 'b', 'bias'],
    writes: ['c'],
    integers,
    reals: ['scale'],
    threads: side * side,
    declarations: `
var<workgroup> a_tile: array<f32, ${side * tileRows}>;
var<workgroup> b_tile: array<f32, ${side * tileColumns}>;`,
    body: `
  let part = group.z % u.parts;
  let product = group.z / u.parts;
  let batch = product / u.heads;
  let head = product % u.heads;
  let first_row = group.y * ${tileRows};
  let first_column = group.x * ${tileColumns};
  let a_from = u.a_start + batch * u.a_batch + head * u.a_head;
  let b_from = u.b_start + batch * u.b_batch + head * u.b_head;
  let across = thread % ${side};
  let down = thread / ${side};
  ${cells.map(([i, j]) => `var c_${i}_${j} = 0.0;`).join(' ')}
  let last_k = min((part + 1) * u.part_length, u.all_depth);
  for (var first_k = part * u.part_length; first_k < last_k; first_k += ${side}) {
    ${range(rowsEach)
      .map((n) =>
        loadTile({
          tile: 'a_tile',
          source: 'a',
          from: 'a_from',
          index: n,
          alongDepth: aAlongDepth,
          width: tileRows,
          first: 'first_row',
          limit: 'u.rows',
          stride: 'u.a_row',
          along: along('a'),
        }),
      )
      .join('')}
    ${range(columnsEach)
      .map((n) =>
        loadTile({
          tile: 'b_tile',
          source: 'b',
          from: 'b_from',
          index: n,
          alongDepth: bAlongDepth,
          width: tileColumns,
          first: 'first_column',
          limit: 'u.columns',
          stride: 'u.b_column',
          along: along('b'),
        }),
      )
      .join('')}
    workgroupBarrier();
    for (var k = 0; k < ${side}; k++) {
      ${range(rowsEach)
        .map((i) => `let a_${i} = a_tile[k * ${tileRows} + down + ${side * i}];`)
        .join(' ')}
      ${range(columnsEach)
        .map((j) => `let b_${j} = b_tile[k * ${tileColumns} + across + ${side * j}];`)
        .join(' ')}
      ${cells.map(([i, j]) => `c_${i}_${j} += a_${i} * b_${j};`).join(' ')}
    }
    workgroupBarrier();
  }
  let c_from = u.c_start + batch * u.c_batch + head * u.c_head + part * u.c_part;
  let bias_from = batch * u.bias_batch + head * u.bias_head;
  ${cells
    .map(
      ([i, j]) => `{
    let row = first_row + down + ${side * i};
    let column = first_column + across + ${side * j};
    if (row < u.rows && column < u.columns) {
      var value = c_${i}_${j} * u.scale;
      if (u.has_bias != 0) { value += bias[bias_from + row * u.bias_row + column]; }
      let place = c_from + row * u.c_row + column;
      if (u.accumulate != 0) { value += c[place]; }
      c[place] = value;
    }
  }`,
    )
    .join('\n')}`,
  };
}

/** One value of a tile per thread; what lies outside of the matrix is 0. */
function loadTile(tile: {
  tile: string;
  source: string;
  from: string;
  index: number;
  alongDepth: boolean;
  width: number;
  first: string;
  limit: string;
  stride: string;
  along: string;
}): string {
  const number = `thread + ${tile.index * side * side}`;
  const [step, place] = tile.alongDepth
    ? [`(${number}) % ${side}`, `(${number}) / ${side}`]
    : [`(${number}) / ${tile.width}`, `(${number}) % ${tile.width}`];
  return `{
      let step = ${step};
      let place = ${place};
      let k = first_k + step;
      let across_tile = ${tile.first} + place;
      var value = 0.0;
      if (k < last_k && across_tile < ${tile.limit}) {
        value = ${tile.source}[${tile.from} + across_tile * ${tile.stride} + ${tile.along}];
      }
      ${tile.tile}[step * ${tile.width} + place] = value;
    }
    `;
}

/** Adds the parts up: c = Σ parts (+ bias) (+ c). One thread a value. */
export const addParts: Shader = {
  name: 'gemm parts',
  reads: ['partial', 'bias'],
  writes: ['c'],
  integers: [
    ...['rows', 'columns', 'heads', 'products', 'parts', 'accumulate', 'has_bias'],
    ...['bias_row', 'bias_batch', 'bias_head', 'c_start', 'c_row', 'c_batch', 'c_head'],
  ],
  reals: [],
  threads: 256,
  body: `
  let i = (group.x + group.y * groups.x) * 256 + thread;
  let size = u.rows * u.columns;
  if (i >= size * u.products) { return; }
  let product = i / size;
  let row = i % size / u.columns;
  let column = i % u.columns;
  let batch = product / u.heads;
  let head = product % u.heads;
  var value = 0.0;
  for (var part = 0; part < u.parts; part++) { value += partial[part * size * u.products + i]; }
  if (u.has_bias != 0) {
    value += bias[batch * u.bias_batch + head * u.bias_head + row * u.bias_row + column];
  }
  let place = u.c_start + batch * u.c_batch + head * u.c_head + row * u.c_row + column;
  if (u.accumulate != 0) { value += c[place]; }
  c[place] = value;`,
};
