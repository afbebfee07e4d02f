/** What is done to the rows of a matrix, and sums over its rows; the counterparts of wasm/assembly. */
import type { ColumnKernel, RowKernel } from '../kernelDevice.js';
import type { Shader } from './shader.js';

/** Rows no wider than this are computed by one thread each, wider ones by a workgroup each. */
const narrow = 32;

const rowArguments = { integers: ['rows', 'width'] };

/**
 * The same code for a thread a row and for a workgroup a row: it visits the values of a row from `lane` on in
 * steps of `lanes`, and adds up or finds the largest over the lanes by `total` and `largest`.
 */
function rowShader(
  threads: 1 | 64 | 256,
  parts: Pick<Shader, 'name' | 'reads' | 'writes' | 'body'> & { reals?: readonly string[] },
): Shader {
  const common = { ...rowArguments, reals: [], ...parts };
  if (threads === 1) {
    return {
      ...common,
      name: `${parts.name} of narrow rows`,
      threads: 64,
      declarations: `
fn total(value: f32, thread: i32) -> f32 { return value; }
fn largest(value: f32, thread: i32) -> f32 { return value; }`,
      body: `
  let lane = 0;
  let lanes = 1;
  let row = (group.x + group.y * groups.x) * 64 + thread;
  if (row >= u.rows) { return; }
  let start = row * u.width;
  ${parts.body}`,
    };
  }
  const overLanes = (name: string, combine: string) => `
fn ${name}(value: f32, thread: i32) -> f32 {
  workgroupBarrier();
  parts[thread] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}; half > 0; half /= 2) {
    if (thread < half) { parts[thread] = ${combine}; }
    workgroupBarrier();
  }
  return parts[0];
}`;
  return {
    ...common,
    name: `${parts.name} by ${threads}`,
    threads,
    declarations: [
      `var<workgroup> parts: array<f32, ${threads}>;`,
      overLanes('total', 'parts[thread] + parts[thread + half]'),
      overLanes('largest', 'max(parts[thread], parts[thread + half])'),
    ].join('\n'),
    // All threads of a workgroup have the same row, so none leaves the others waiting.
    body: `
  let lane = thread;
  let lanes = ${threads};
  let row = group.x + group.y * groups.x;
  if (row >= u.rows) { return; }
  let start = row * u.width;
  ${parts.body}`,
  };
}

/** x ← softmax(scale·x) */
const softmax = {
  name: 'softmax',
  reads: [],
  writes: ['x'],
  reals: ['scale'],
  body: `
  var most = -3.4e38;
  for (var i = lane; i < u.width; i += lanes) { most = max(most, u.scale * x[start + i]); }
  most = largest(most, thread);
  var sum = 0.0;
  for (var i = lane; i < u.width; i += lanes) {
    let power = exp(u.scale * x[start + i] - most);
    x[start + i] = power;
    sum += power;
  }
  sum = total(sum, thread);
  for (var i = lane; i < u.width; i += lanes) { x[start + i] /= sum; }`,
};

/** dx ← scale·y·(dy − Σ y·dy), in the place of dy */
const softmaxGradient = {
  name: 'softmaxGradient',
  reads: ['y'],
  writes: ['dy'],
  reals: ['scale'],
  body: `
  var sum = 0.0;
  for (var i = lane; i < u.width; i += lanes) { sum += y[start + i] * dy[start + i]; }
  sum = total(sum, thread);
  for (var i = lane; i < u.width; i += lanes) {
    dy[start + i] = u.scale * y[start + i] * (dy[start + i] - sum);
  }`,
};

/** y = (x − mean)/σ·weight + bias; mean and 1/σ, one of each a row, are kept for the gradient */
const layerNorm = {
  name: 'layerNorm',
  reads: ['x', 'weight', 'bias'],
  writes: ['y', 'mean', 'inverse'],
  reals: ['epsilon'],
  body: `
  var sum = 0.0;
  for (var i = lane; i < u.width; i += lanes) { sum += x[start + i]; }
  let m = total(sum, thread) / f32(u.width);
  var squares = 0.0;
  for (var i = lane; i < u.width; i += lanes) {
    let centred = x[start + i] - m;
    squares += centred * centred;
  }
  let s = 1.0 / sqrt(total(squares, thread) / f32(u.width) + u.epsilon);
  for (var i = lane; i < u.width; i += lanes) {
    y[start + i] = (x[start + i] - m) * s * weight[i] + bias[i];
  }
  if (lane == 0) {
    mean[row] = m;
    inverse[row] = s;
  }`,
};

/** dx = (g − mean(g) − x̂·mean(g·x̂))/σ with g = dy·weight */
const layerNormGradient = {
  name: 'layerNormGradient',
  reads: ['x', 'weight', 'mean', 'inverse', 'dy'],
  writes: ['dx'],
  body: `
  let m = mean[row];
  let s = inverse[row];
  var sum = 0.0;
  var products = 0.0;
  for (var i = lane; i < u.width; i += lanes) {
    let g = dy[start + i] * weight[i];
    sum += g;
    products += g * (x[start + i] - m) * s;
  }
  let mean_g = total(sum, thread) / f32(u.width);
  let along = total(products, thread) / f32(u.width);
  for (var i = lane; i < u.width; i += lanes) {
    let g = dy[start + i] * weight[i];
    dx[start + i] = (g - mean_g - (x[start + i] - m) * s * along) * s;
  }`,
};

const kernels = { softmax, softmaxGradient, layerNorm, layerNormGradient };

const shaders = new Map<string, Shader>();

/** The shader of a kernel for rows of that width, and how many rows a workgroup of it goes over. */
export function rowShaderOf(
  kernel: RowKernel,
  width: number,
): { shader: Shader; perGroup: number } {
  const threads = width <= narrow ? 1 : width <= 512 ? 64 : 256;
  const key = `${kernel} ${threads}`;
  let shader = shaders.get(key);
  if (!shader) {
    shader = rowShader(threads, kernels[kernel]);
    shaders.set(key, shader);
  }
  return { shader, perGroup: threads === 1 ? shader.threads : 1 };
}

/** Columns and rows that a workgroup goes over at once */
export const columnTile = { columns: 16, rows: 16 };

/**
 * Sums over a part of the rows, for sixteen columns: group.x counts the columns, group.y the parts. Each part
 * of the result is a row of its own; `columnSums` of these adds them up.
 */
function columnShader(
  name: ColumnKernel,
  reads: readonly string[],
  terms: Readonly<Record<string, string>>,
): Shader {
  const writes = Object.keys(terms);
  const { columns, rows } = columnTile;
  const each = (code: (sum: string) => string) => writes.map(code).join('\n');
  return {
    name,
    reads,
    writes,
    integers: ['rows', 'width', 'part_rows'],
    reals: [],
    threads: columns * rows,
    declarations: each((sum) => `var<workgroup> parts_${sum}: array<f32, ${columns * rows}>;`),
    body: `
  let column = group.x * ${columns} + thread % ${columns};
  let lane = thread / ${columns};
  ${each((sum) => `var sum_${sum} = 0.0;`)}
  if (column < u.width) {
    let last = min((group.y + 1) * u.part_rows, u.rows);
    for (var row = group.y * u.part_rows + lane; row < last; row += ${rows}) {
      let i = row * u.width + column;
      ${each((sum) => `sum_${sum} += ${terms[sum]!};`)}
    }
  }
  ${each((sum) => `parts_${sum}[thread] = sum_${sum};`)}
  workgroupBarrier();
  for (var half = ${rows / 2}; half > 0; half /= 2) {
    if (lane < half) {
      ${each((sum) => `parts_${sum}[thread] += parts_${sum}[thread + half * ${columns}];`)}
    }
    workgroupBarrier();
  }
  if (lane == 0 && column < u.width) {
    ${each((sum) => `${sum}[group.y * u.width + column] = parts_${sum}[thread];`)}
  }`,
  };
}

export const columnShaders: Readonly<Record<ColumnKernel, Shader>> = {
  columnSums: columnShader('columnSums', ['x'], { sums: 'x[i]' }),
  /** dweight = Σ_rows dy·x̂ and dbias = Σ_rows dy */
  layerNormSums: columnShader('layerNormSums', ['x', 'mean', 'inverse', 'dy'], {
    dweight: 'dy[i] * (x[i] - mean[row]) * inverse[row]',
    dbias: 'dy[i]',
  }),
};
