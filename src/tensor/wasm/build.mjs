/**
 * Builds what the wasm backend runs on, into dist: our kernels from their AssemblyScript source, and
 * TF.js's own module with its memory declared as shared, so that threads can work on it. Its code is
 * unchanged; one flag of its memory section is set.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..', '..');
const output = path.join(root, 'dist', 'src', 'tensor', 'wasm');
mkdirSync(output, { recursive: true });

const { error, stderr } = await asc.main([
  path.relative(process.cwd(), path.join(here, 'assembly', 'index.ts')),
  '--outFile',
  path.relative(process.cwd(), path.join(output, 'kernels.wasm')),
  '--optimizeLevel',
  '3',
  '--noAssert',
  '--runtime',
  'stub',
  '--importMemory',
  '--sharedMemory',
  '--maximumMemory',
  '65536',
  '--enable',
  'simd,threads',
  // Values of four lanes pass between our own functions only.
  '--disableWarning',
  '112',
]);
if (error) {
  console.error(stderr.toString());
  throw error;
}

const original = createRequire(import.meta.url).resolve(
  '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm',
);
writeFileSync(
  path.join(output, 'tfjs-backend-wasm-simd.wasm'),
  withSharedMemory(readFileSync(original)),
);

/** The module with the flag "shared" set in its memory section (WebAssembly binary format, section 5). */
function withSharedMemory(module) {
  const bytes = Buffer.from(module);
  let place = 8;
  while (place < bytes.length) {
    const section = bytes[place];
    const [length, start] = unsignedAt(bytes, place + 1);
    if (section === 5) {
      // One memory with a maximum: the flags 0x01 become 0x03.
      if (bytes[start] !== 1 || bytes[start + 1] !== 1) break;
      bytes[start + 1] = 3;
      return bytes;
    }
    place = start + length;
  }
  throw new Error(`${original}: expected one memory with a maximum, found none`);
}

/** A number in LEB128 and the place behind it. */
function unsignedAt(bytes, place) {
  let value = 0;
  for (let shift = 0; ; shift += 7, place++) {
    value |= (bytes[place] & 0x7f) << shift;
    if (bytes[place] < 0x80) return [value, place + 1];
  }
}
