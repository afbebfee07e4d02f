/** Dropout by Threefry-2x32; the counterpart of wasm/assembly/dropout.ts. One thread computes a block, two values. */
import { parity, rotations, rounds } from '../threefry.js';
import type { Shader } from './shader.js';

const threads = 256;

/** Its rounds one after the other, with the schedule of the key after each fourth */
const steps = Array.from({ length: rounds }, (_, round) => {
  const turn = rotations[round % rotations.length]!;
  const mix = `x += y; y = ((y << ${turn}u) | (y >> ${32 - turn}u)) ^ x;`;
  const times = (round + 1) / 4;
  const key = (place: number) => ['first', 'second', 'third'][place % 3]!;
  return round % 4 === 3 ? `${mix} x += ${key(times)}; y += ${key(times + 1)} + ${times}u;` : mix;
});

/** Into another tensor, or in place. */
export function dropoutShader(name: 'dropout' | 'dropoutInPlace') {
  const from = name === 'dropout' ? 'x_values' : 'y_values';
  const shader: Shader = {
    name,
    reads: name === 'dropout' ? ['x_values'] : [],
    writes: ['y_values'],
    integers: ['size', 'key0', 'key1', 'threshold'],
    reals: ['kept'],
    threads,
    body: `
  let place = (group.x + group.y * groups.x) * ${threads} + thread;
  let i = 2 * place;
  if (i >= u.size) { return; }
  let first = bitcast<u32>(u.key0);
  let second = bitcast<u32>(u.key1);
  let third = first ^ second ^ ${parity}u;
  let least = bitcast<u32>(u.threshold);
  var x = u32(place) + first;
  var y = second;
  ${steps.join('\n  ')}
  y_values[i] = ${from}[i] * select(0.0, u.kept, x >= least);
  if (i + 1 < u.size) { y_values[i + 1] = ${from}[i + 1] * select(0.0, u.kept, y >= least); }`,
  };
  return { shader, perGroup: 2 * threads };
}
