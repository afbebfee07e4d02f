/**
 * The safetensors format: 8 bytes of header length (little-endian), a JSON header
 * `{name: {dtype, shape, data_offsets}}`, then the bytes of every tensor without gaps.
 * Reading checks all of it, so that a truncated or damaged file never becomes numbers.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeWhole } from './write.js';

const arrays = {
  F32: Float32Array,
  F64: Float64Array,
  I32: Int32Array,
  U8: Uint8Array,
} as const;

type DataType = keyof typeof arrays;
export type StoredArray = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: StoredArray;
}

export interface Safetensors {
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** What files may hold: integers of 64 bits, too, which are read as 32. */
const readable = { ...arrays, I64: BigInt64Array } as const;
type ReadableType = keyof typeof readable;

const whole = z.number().int().nonnegative();
const entrySchema = z.object({
  dtype: z.enum(Object.keys(readable) as [ReadableType, ...ReadableType[]]),
  shape: z.array(whole),
  data_offsets: z.tuple([whole, whole]),
});

function dataTypeOf(values: StoredArray): DataType {
  const found = Object.entries(arrays).find(([, constructor]) => values instanceof constructor);
  return found![0] as DataType;
}

/** The bytes of a safetensors file. Tensors keep their order. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const chunks: Buffer[] = [];
  let end = 0;
  for (const [name, { shape, values }] of tensors) {
    const start = end;
    end += values.byteLength;
    header[name] = { dtype: dataTypeOf(values), shape, data_offsets: [start, end] };
    chunks.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  }
  // Padded with spaces so that the tensors start on a multiple of eight.
  const json = JSON.stringify(header);
  const padded = Buffer.from(json.padEnd(json.length + ((8 - (Buffer.byteLength(json) % 8)) % 8)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([length, padded, ...chunks]);
}

/**
 * Reads the bytes of a safetensors file.
 *
 * @param source what the errors call the file
 * @throws Error naming the source and what is wrong: truncated, unknown dtype, gap, overlap, size
 */
export function decodeSafetensors(bytes: Buffer, source: string): Safetensors {
  const fail = (reason: string): never => {
    throw new Error(`${source} is not a whole safetensors file: ${reason}`);
  };
  if (bytes.length < 8) fail(`${bytes.length} bytes, expected at least 8`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const start = 8 + headerLength;
  if (start > bytes.length) fail(`header of ${headerLength} bytes in a file of ${bytes.length}`);

  let header: Record<string, unknown>;
  try {
    header = z.record(z.string(), z.unknown()).parse(JSON.parse(bytes.toString('utf8', 8, start)));
  } catch {
    return fail('its header is not a JSON object');
  }
  const metadata = z.record(z.string(), z.string()).safeParse(header.__metadata__ ?? {});
  if (!metadata.success) return fail('__metadata__ must map strings to strings');
  delete header.__metadata__;

  const tensors = new Map<string, StoredTensor>();
  const ranges: [number, number, string][] = [];
  for (const [name, raw] of Object.entries(header)) {
    const entry = entrySchema.safeParse(raw);
    if (!entry.success) return fail(`"${name}": ${z.prettifyError(entry.error)}`);
    const { dtype, shape, data_offsets: offsets } = entry.data;
    const constructor = readable[dtype];
    const count = shape.reduce((product, axis) => product * axis, 1);
    const expected = count * constructor.BYTES_PER_ELEMENT;
    if (offsets[1] - offsets[0] !== expected) {
      return fail(
        `"${name}" [${shape.join(', ')}] ${dtype} needs ${expected} bytes, has ${offsets[1] - offsets[0]}`,
      );
    }
    ranges.push([...offsets, name]);
    // Copied, because typed arrays need an aligned start and tensors outlive the file's buffer.
    const copy = Uint8Array.from(bytes.subarray(start + offsets[0], start + offsets[1]));
    if (copy.length !== expected) return fail(`truncated inside "${name}"`);
    const values = new constructor(copy.buffer);
    if (!(values instanceof BigInt64Array)) {
      tensors.set(name, { shape, values });
      continue;
    }
    const large = values.find((value) => value !== BigInt.asIntN(32, value));
    if (large !== undefined) return fail(`"${name}" holds ${large}, which 32 bits do not`);
    tensors.set(name, { shape, values: Int32Array.from(values, Number) });
  }

  let end = 0;
  for (const [from, to, name] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end) return fail(`"${name}" starts at byte ${from}, expected ${end}`);
    end = to;
  }
  if (start + end !== bytes.length) {
    return fail(`${bytes.length} bytes, expected ${start + end}`);
  }
  return { tensors, metadata: metadata.data };
}

export function readSafetensors(file: string): Safetensors {
  return decodeSafetensors(readFileSync(file), file);
}

/** Writes a file whole or not at all. */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Record<string, string> = {},
): void {
  writeWhole(file, encodeSafetensors(tensors, metadata));
}
