/**
 * PNG files of which the stored numbers count and not the colours that they stand for: the indices of a palette, or
 * grey. Decoders of pictures, sharp among them, replace indices by the palette's colours, and two of these
 * may be the same.
 *
 * Format: Portable Network Graphics, third edition (W3C 2025).
 */
import { promisify } from 'node:util';
import { crc32, inflate } from 'node:zlib';

export interface PngNumbers {
  readonly width: number;
  readonly height: number;
  /** By rows: [height, width] */
  readonly values: Uint8Array;
}

const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** Numbers that a pixel has, by the colour type: grey, red green blue, palette, grey with alpha, all four */
const samplesOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/**
 * Reads the indices of a palette, or the numbers of grey, of at most 8 bits. Of a file in colours red is read, when
 * green and blue are the same.
 *
 * @param source what errors call the file
 * @throws Error naming the source and what is wrong: no PNG, truncated, damaged, interlaced, 16 bits, colours
 */
export async function decodePngNumbers(bytes: Buffer, source: string): Promise<PngNumbers> {
  try {
    const { header, data } = readChunks(bytes);
    const { width, height, depth, samples } = header;
    const rowBytes = Math.ceil((width * samples * depth) / 8);
    const lines = await promisify(inflate)(data);
    const expected = height * (rowBytes + 1);
    if (lines.length !== expected) {
      throw new Error(`${width} × ${height} pixels need ${expected} bytes, got ${lines.length}`);
    }
    undoFilters(lines, rowBytes, Math.max(1, (samples * depth) / 8));
    return { width, height, values: numbersOf(lines, rowBytes, header) };
  } catch (error) {
    throw new Error(
      `${source}: expected a whole PNG file of indices or grey, got ${bytes.length} bytes that cannot be decoded: ` +
        (error as Error).message,
      { cause: error },
    );
  }
}

interface Header {
  readonly width: number;
  readonly height: number;
  /** Bits of a number */
  readonly depth: number;
  /** Numbers of a pixel */
  readonly samples: number;
}

function readChunks(bytes: Buffer): { header: Header; data: Buffer } {
  if (!bytes.subarray(0, signature.length).equals(signature)) {
    throw new Error('it does not begin as PNG does');
  }
  let header: Header | undefined;
  const data: Buffer[] = [];
  let start = signature.length;
  for (;;) {
    if (bytes.length < start + 12) throw new Error('it is truncated');
    const [type, end] = [start + 4, start + 8 + bytes.readUInt32BE(start)];
    if (bytes.length < end + 4) throw new Error('it is truncated');
    const name = bytes.toString('latin1', type, type + 4);
    if (crc32(bytes.subarray(type, end)) !== bytes.readUInt32BE(end)) {
      throw new Error(`the checksum of ${name} at byte ${start} is wrong`);
    }
    const content = bytes.subarray(type + 4, end);
    if (name === 'IHDR') header = parseHeader(content);
    if (name === 'IDAT') data.push(content);
    if (name === 'IEND') break;
    start = end + 4;
  }
  if (!header) throw new Error('it has no header');
  return { header, data: Buffer.concat(data) };
}

function parseHeader(content: Buffer): Header {
  const [depth, type, interlaced] = [content[8]!, content[9]!, content[12]];
  const samples = samplesOf[type];
  if (samples === undefined) throw new Error(`it has the colour type ${type}`);
  if (depth > 8) throw new Error(`its numbers have ${depth} bits`);
  if (interlaced) throw new Error('it is interlaced');
  return { width: content.readUInt32BE(0), height: content.readUInt32BE(4), depth, samples };
}

/** Each row is stored as differences, of a kind that its first byte says, to its left, the row above, or both. */
function undoFilters(lines: Buffer, rowBytes: number, step: number): void {
  for (let start = 0, above = -1; start < lines.length; above = start, start += rowBytes + 1) {
    const filter = lines[start]!;
    if (filter > 4) throw new Error(`a row has the filter ${filter}`);
    if (filter === 0) continue;
    for (let offset = 1; offset <= rowBytes; offset++) {
      const left = offset > step ? lines[start + offset - step]! : 0;
      const up = above < 0 ? 0 : lines[above + offset]!;
      const corner = above < 0 || offset <= step ? 0 : lines[above + offset - step]!;
      lines[start + offset]! += predicted(filter, left, up, corner);
    }
  }
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const [toLeft, toUp] = [Math.abs(up - corner), Math.abs(left - corner)];
  const toCorner = Math.abs(left + up - 2 * corner);
  if (toLeft <= toUp && toLeft <= toCorner) return left;
  return toUp <= toCorner ? up : corner;
}

/** The first number of each pixel. */
function numbersOf(lines: Buffer, rowBytes: number, header: Header): Uint8Array {
  const { width, height, depth, samples } = header;
  const values = new Uint8Array(width * height);
  const mask = 2 ** depth - 1;
  for (let row = 0; row < height; row++) {
    const start = row * (rowBytes + 1) + 1;
    for (let column = 0; column < width; column++) {
      const bit = column * samples * depth;
      const at = start + (bit >> 3);
      const value = (lines[at]! >> (8 - depth - (bit & 7))) & mask;
      if (samples >= 3 && (lines[at + 1] !== value || lines[at + 2] !== value)) {
        throw new Error(
          `row ${row}, column ${column} has the colour ${lines.subarray(at, at + 3).join(', ')}, expected a grey one`,
        );
      }
      values[row * width + column] = value;
    }
  }
  return values;
}
