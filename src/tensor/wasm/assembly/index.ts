/**
 * The kernels, and how threads share the chunks of one. A kernel is called for each of its chunks, by
 * whichever thread takes the next one; no chunk writes what another reads or writes, and what a chunk
 * computes does not depend on who computes it.
 *
 * The control block lies in the shared memory; ../team.ts knows its layout too:
 *
 *   0 job, counted up   4 kernel   8 threads asleep   12 chunks done
 *   16 next chunk (64 bits: job and chunk)   24 end (64 bits: job and number of chunks)   32 arguments
 */
import { adamW } from './adamW';
import { copyRows } from './copy';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise';
import { dropout, dropoutInPlace } from './dropout';
import { columnSums, gelu, geluGradient, smoothL1, smoothL1Gradient } from './elementwise';
import { gemm, panelBytes } from './gemm';
import { layerNorm, layerNormGradient, layerNormSums } from './layerNorm';
import { poolGradient } from './pooling';
import { softmax, softmaxGradient } from './softmax';

/** Bytes of each thread's own memory. */
export function scratchBytes(): i32 {
  return panelBytes;
}

/** So often an idle thread looks for the next job, about 50 µs, before it sleeps. */
const patience: i32 = 20000;

function compute(kernel: i32, block: usize, chunk: i32, scratch: usize): void {
  switch (kernel) {
    case 0:
      return gemm(block, chunk, scratch);
    case 1:
      return softmax(block, chunk);
    case 2:
      return softmaxGradient(block, chunk);
    case 3:
      return layerNorm(block, chunk);
    case 4:
      return layerNormGradient(block, chunk);
    case 5:
      return layerNormSums(block, chunk);
    case 6:
      return gelu(block, chunk);
    case 7:
      return geluGradient(block, chunk);
    case 8:
      return smoothL1(block, chunk);
    case 9:
      return smoothL1Gradient(block, chunk);
    case 10:
      return columnSums(block, chunk);
    case 11:
      return adamW(block, chunk);
    case 12:
      return copyRows(block, chunk);
    case 13:
      return depthwiseInputGradient(block, chunk);
    case 14:
      return depthwiseFilterGradient(block, chunk);
    case 15:
      return poolGradient(block, chunk, scratch);
    case 16:
      return dropout(block, chunk);
    case 17:
      return dropoutInPlace(block, chunk);
  }
}

/** Runs a kernel whose arguments are in the control block, with help or alone; returns when it is done. */
export function run(control: usize, scratch: usize, kernel: i32, chunks: i32, helped: bool): void {
  if (!helped || chunks < 2) {
    for (let chunk = 0; chunk < chunks; chunk++) compute(kernel, control + 32, chunk, scratch);
    return;
  }
  const job = load<i32>(control) + 1;
  store<i32>(control, kernel, 4);
  atomic.store<i32>(control, 0, 12);
  // The end goes first: whoever sees the new job in `next` finds the end that belongs to it.
  atomic.store<i64>(control, ((<i64>job) << 32) | (<i64>chunks), 24);
  atomic.store<i64>(control, (<i64>job) << 32, 16);
  atomic.store<i32>(control, job);
  if (atomic.load<i32>(control, 8) > 0) atomic.notify(control);
  takeChunks(control, scratch);
  while (atomic.load<i32>(control, 12) < chunks);
}

/** What a helping thread does all its life. */
export function help(control: usize, scratch: usize): void {
  let seen = 0;
  while (true) {
    let looked = 0;
    while (atomic.load<i32>(control) == seen) {
      if (++looked < patience) continue;
      atomic.add<i32>(control, 1, 8);
      atomic.wait<i32>(control, seen, -1);
      atomic.sub<i32>(control, 1, 8);
    }
    seen = atomic.load<i32>(control);
    takeChunks(control, scratch);
  }
}

function takeChunks(control: usize, scratch: usize): void {
  while (true) {
    const next = atomic.add<i64>(control, 1, 16);
    const end = atomic.load<i64>(control, 24);
    // A late thread may have counted on in a job that is over; that took nothing from the new one.
    if (next >> 32 != end >> 32 || next >= end) return;
    compute(load<i32>(control, 4), control + 32, <i32>next, scratch);
    atomic.add<i32>(control, 1, 12);
  }
}
