/** What is done to every value by itself, and sums of values; the counterparts of wasm/assembly. */
import { valuesPerChunk, type ValueKernel } from '../kernelDevice.js';
import { dropoutShader } from './dropout.js';
import type { Shader } from './shader.js';

const threads = 256;

/** erf as in wasm/assembly/functions.ts: an odd rational function on [−4, 4], by Eigen. */
const functions = `
fn erf(x: f32) -> f32 {
  let c = clamp(x, -4.0, 4.0);
  let s = c * c;
  var p = -2.72614225801306e-10;
  p = p * s + 2.77068142495902e-8;
  p = p * s - 2.10102402082508e-6;
  p = p * s - 5.69250639462346e-5;
  p = p * s - 7.34990630326855e-4;
  p = p * s - 2.95459980854025e-3;
  p = p * s - 1.60960333262415e-2;
  var q = -1.45660718464996e-5;
  q = q * s - 2.13374055278905e-4;
  q = q * s - 1.68282697438203e-3;
  q = q * s - 7.37332916720468e-3;
  q = q * s - 1.42647390514189e-2;
  return c * p / q;
}
fn normal_distribution(x: f32) -> f32 {
  return 0.5 * erf(x * 0.7071067811865476) + 0.5;
}`;

/** One thread a value. */
const valueByValue = (body: string) => `
  let i = (group.x + group.y * groups.x) * ${threads} + thread;
  if (i >= u.size) { return; }
  ${body}`;

const elementwise = (
  name: ValueKernel | 'copy',
  parts: Pick<Shader, 'reads' | 'writes' | 'body'> & Partial<Shader>,
): Shader => ({
  name,
  integers: ['size'],
  reals: [],
  threads,
  ...parts,
  body: valueByValue(parts.body),
});

const copy = elementwise('copy', { reads: ['x'], writes: ['y'], body: 'y[i] = x[i];' });

/** y = x·Φ(x) */
const gelu = elementwise('gelu', {
  reads: ['x'],
  writes: ['y'],
  declarations: functions,
  body: 'y[i] = x[i] * normal_distribution(x[i]);',
});

/** dx = dy·(Φ(x) + x·φ(x)) */
const geluGradient = elementwise('geluGradient', {
  reads: ['x', 'dy'],
  writes: ['dx'],
  declarations: functions,
  body: `
  let density = 0.3989422804014327 * exp(-0.5 * x[i] * x[i]);
  dx[i] = dy[i] * (normal_distribution(x[i]) + x[i] * density);`,
});

/** Of each chunk, Σ c·(e − c/2) with e = predicted − target and c = e clipped to ±1. One workgroup a chunk. */
const smoothL1: Shader = {
  name: 'smoothL1',
  reads: ['target_values', 'predicted'],
  writes: ['sums'],
  integers: ['size'],
  reals: [],
  threads,
  declarations: `var<workgroup> parts: array<f32, ${threads}>;`,
  body: `
  let chunk = group.x + group.y * groups.x;
  let first = chunk * ${valuesPerChunk};
  let last = min(first + ${valuesPerChunk}, u.size);
  var sum = 0.0;
  for (var i = first + thread; i < last; i += ${threads}) {
    let e = predicted[i] - target_values[i];
    let c = clamp(e, -1.0, 1.0);
    sum += c * (e - 0.5 * c);
  }
  parts[thread] = sum;
  workgroupBarrier();
  for (var half = ${threads / 2}; half > 0; half /= 2) {
    if (thread < half) { parts[thread] += parts[thread + half]; }
    workgroupBarrier();
  }
  if (thread == 0 && first < u.size) { sums[chunk] = parts[0]; }`,
};

/** The clipped error times dy·scale */
const smoothL1Gradient = elementwise('smoothL1Gradient', {
  reads: ['target_values', 'predicted', 'dy'],
  writes: ['gradient'],
  reals: ['scale'],
  body: 'gradient[i] = clamp(predicted[i] - target_values[i], -1.0, 1.0) * (dy[0] * u.scale);',
});

const adamWReals = [
  ...['beta1', 'rest1', 'beta2', 'rest2'],
  ...['rate', 'epsilon', 'decay', 'correction1', 'correction2'],
];

/** Storage buffers that one parameter takes: g, p, m, v */
export const buffersPerUpdate = 4;

const adamWShaders = new Map<number, Shader>();

/** The update of AdamW of so many parameters; group.y tells which. */
export function adamWShader(count: number): Shader {
  let shader = adamWShaders.get(count);
  if (!shader) {
    const each = Array.from({ length: count }, (_, index) => index);
    shader = {
      name: `adamW of ${count}`,
      reads: each.map((n) => `g${n}`),
      writes: each.flatMap((n) => [`p${n}`, `m${n}`, `v${n}`]),
      integers: ['size'],
      reals: adamWReals,
      threads,
      body: `
  let i = (group.x + group.z * groups.x) * ${threads} + thread;
  if (i >= u.size) { return; }
  switch group.y {
    ${each.map((n) => `case ${n}: { ${adamWOf(n)} }`).join('\n    ')}
    default: { }
  }`,
    };
    adamWShaders.set(count, shader);
  }
  return shader;
}

const adamWOf = (n: number) => `
      let g = g${n}[i];
      let first = m${n}[i] * u.beta1 + g * u.rest1;
      let second = v${n}[i] * u.beta2 + g * g * u.rest2;
      let deviation = sqrt(second * u.correction2) + u.epsilon;
      p${n}[i] -= (first * u.correction1 / deviation + p${n}[i] * u.decay) * u.rate;
      m${n}[i] = first;
      v${n}[i] = second;`;

/** Each kernel, and how many values a workgroup of it goes over. */
export const valueShaders: Readonly<
  Record<ValueKernel | 'copy', { shader: Shader; perGroup: number }>
> = {
  copy: { shader: copy, perGroup: threads },
  gelu: { shader: gelu, perGroup: threads },
  geluGradient: { shader: geluGradient, perGroup: threads },
  smoothL1: { shader: smoothL1, perGroup: valuesPerChunk },
  smoothL1Gradient: { shader: smoothL1Gradient, perGroup: threads },
  dropout: dropoutShader('dropout'),
  dropoutInPlace: dropoutShader('dropoutInPlace'),
};
