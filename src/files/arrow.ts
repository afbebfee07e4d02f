/**
 * Arrow IPC files (the *file* format, with a footer) that are larger than memory. pyarrow writes a table of
 * pandas as few record batches of up to 2 GB, so reading batch by batch would not be enough: all columns are
 * read but the bytes of binaries, of which only the places in the file are kept, and each is read when it is
 * asked for.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  makeData,
  MessageHeader,
  MessageReader,
  Vector,
  type DataType,
  type Field,
} from 'apache-arrow';
import { Footer, type FileBlock } from 'apache-arrow/ipc/metadata/file';
import type { BufferRegion, FieldNode, RecordBatch } from 'apache-arrow/ipc/metadata/message';
import type { Binary } from 'apache-arrow/type';
import { VectorLoader } from 'apache-arrow/visitor/vectorloader';

/** Where bytes lie in a file. */
export interface Place {
  readonly position: number;
  readonly length: number;
}

export interface ArrowColumn {
  readonly field: Field;
  /** Of every row; of binaries without their bytes */
  readonly values: Vector;
  /** Of binaries: where the bytes of every row lie */
  readonly places: readonly Place[];
}

/** Columns by name. */
export type ArrowColumns = ReadonlyMap<string, ArrowColumn>;

const magic = 'ARROW1';

/**
 * Reads the columns of a file without the bytes of its binaries.
 *
 * @throws Error naming the file when it is not a whole, uncompressed Arrow file
 */
export function readArrowColumns(file: string): ArrowColumns {
  const descriptor = openSync(file, 'r');
  try {
    return columnsOf(descriptor);
  } catch (error) {
    throw new Error(`${file} cannot be read as an Arrow file: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Reads some bytes of a file, without reading the others.
 *
 * @throws Error naming the file when it is absent or ends before them
 */
export async function readPlace(file: string, place: Place): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const bytes = new Uint8Array(place.length);
    const { bytesRead } = await handle.read(bytes, 0, place.length, place.position);
    expectWhole(bytesRead, place, `${file}: `);
    return bytes;
  } finally {
    await handle.close();
  }
}

function columnsOf(descriptor: number): ArrowColumns {
  const read = (place: Place) => readNow(descriptor, place);
  const footer = readFooter(fstatSync(descriptor).size, read);
  const batches = [...footer.recordBatches()].map((block) => loadBatch(block, footer, read));
  return new Map(
    footer.schema.fields.map((field: Field, column) => {
      const data = batches.map((batch) => batch[column]!.data);
      const values = new Vector(
        data.length > 0 ? data : [makeData({ type: field.type as DataType })],
      );
      return [
        field.name,
        { field, values, places: batches.flatMap((batch) => batch[column]!.places) },
      ];
    }),
  );
}

type Read = (place: Place) => Uint8Array;

function readFooter(size: number, read: Read): Footer {
  const tail = 4 + magic.length;
  const start = size < tail ? undefined : read({ position: 0, length: magic.length });
  if (!start || Buffer.from(start).toString('latin1') !== magic) {
    throw new Error(`it does not begin with ${magic}`);
  }
  const end = Buffer.from(read({ position: size - tail, length: tail }));
  if (end.toString('latin1', 4) !== magic) {
    throw new Error(`it does not end with ${magic}, so its end is missing`);
  }
  const length = end.readInt32LE(0);
  const position = size - tail - length;
  if (length <= 0 || position < 0) throw new Error(`a footer of ${length} bytes`);
  return Footer.decode(read({ position, length }));
}

function loadBatch(block: FileBlock, { schema }: Footer, read: Read) {
  const header = read({ position: block.offset, length: block.metaDataLength });
  const message = new MessageReader(header).readMessage(MessageHeader.RecordBatch);
  const batch = message?.header();
  if (!batch) throw new Error(`no record batch at byte ${block.offset}`);
  if (batch.compression) throw new Error('its record batches are compressed');
  const loader = new PlaceLoader(batch, block.offset + block.metaDataLength, read);
  return schema.fields.map((field: Field) => loader.column(field.type as DataType));
}

/** The library's own loader, but for binaries: it notes where their bytes lie instead of reading them. */
class PlaceLoader extends VectorLoader {
  private places: Place[] = [];

  constructor(
    { nodes, buffers, variadicBufferCounts }: RecordBatch,
    private readonly body: number,
    private readonly read: Read,
  ) {
    super(new Uint8Array(), nodes, buffers, new Map(), undefined, variadicBufferCounts);
  }

  column(type: DataType) {
    this.places = [];
    return { data: this.visit(type), places: this.places };
  }

  override visitBinary<T extends Binary>(type: T, node: FieldNode = this.nextFieldNode()) {
    const { length, nullCount } = node;
    const nullBitmap = this.readNullBitmap(type, nullCount);
    const bytes = this.readOffsets(type);
    const offsets = new Int32Array(bytes.buffer, 0, length === 0 ? 0 : length + 1);
    const region = this.nextBufferRange();
    for (let row = 0; row < length; row++) {
      const [from, to] = [offsets[row]!, offsets[row + 1]!];
      if (from < 0 || to < from || to > region.length) {
        throw new Error(`row ${row} has bytes ${from} to ${to} of ${region.length}`);
      }
      this.places.push({ position: this.body + region.offset + from, length: to - from });
    }
    const data = new Uint8Array();
    return makeData({ type, length, nullCount, nullBitmap, valueOffsets: offsets, data });
  }

  protected override readData(_type: DataType, region: BufferRegion = this.nextBufferRange()) {
    return this.read({ position: this.body + region.offset, length: region.length });
  }
}

function readNow(descriptor: number, place: Place): Uint8Array {
  const bytes = new Uint8Array(place.length);
  expectWhole(readSync(descriptor, bytes, 0, place.length, place.position), place);
  return bytes;
}

function expectWhole(read: number, { position, length }: Place, where = ''): void {
  if (read === length) return;
  throw new Error(`${where}expected ${length} bytes from byte ${position} on, got ${read}`);
}
