/**
 * Food-101 as Missing-Aware Prompts writes it: `food101_{train,val,test}.arrow`, each row an image's JPEG bytes,
 * a list of one text, the label, the image's name and the split; beside them `class_idx.json`.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DataType } from 'apache-arrow';
import {
  readArrowColumns,
  readPlace,
  type ArrowColumn,
  type ArrowColumns,
  type Place,
} from '../../files/arrow.js';
import { bySplit, numbered, splitNames, type SplitName } from '../dataset.js';
import { labelOf, readClasses, type Classes } from './classes.js';
import type { Food101Samples } from './samples.js';
import { expectOnce } from '../split.js';
import { referenceSplits } from './splits.js';

const isString = (type: DataType) => DataType.isUtf8(type) || DataType.isLargeUtf8(type);

/** The columns, and what is expected of their types; newer versions of pandas write large strings. */
const expectedTypes = {
  image: { name: 'binary', fits: (type: DataType) => DataType.isBinary(type) },
  text: {
    name: 'list<string>',
    fits: (type: DataType) => DataType.isList(type) && isString(type.valueType as DataType),
  },
  label: { name: 'int64', fits: (type: DataType) => DataType.isInt(type) && type.bitWidth === 64 },
  image_id: { name: 'string', fits: isString },
  split: { name: 'string', fits: isString },
} as const;

type ColumnName = keyof typeof expectedTypes;

interface Row {
  readonly image: string;
  readonly text: string;
  readonly label: number;
  readonly place: Place;
}

/**
 * Reads everything but the images.
 *
 * @throws Error naming the file, and what is wrong: absent, damaged, a column, a value
 */
export function readArrow(folder: string): Food101Samples {
  const classes = readClasses(folder);
  const fileOf = (split: SplitName) => path.join(folder, `food101_${referenceSplits[split]}.arrow`);
  const table = bySplit((split) => readRows(fileOf(split), split, classes));
  const images = bySplit((split) => table[split].map(({ image }) => image));
  expectOnce(images, folder);
  const rows = Object.values(table).flat();
  const files = splitNames.flatMap((split) => table[split].map(() => fileOf(split)));
  return {
    classes: [...classes.keys()],
    images: rows.map(({ image }) => image),
    labels: Int32Array.from(rows, ({ label }) => label),
    texts: rows.map(({ text }) => text),
    splits: numbered(bySplit((split) => images[split].length)),
    withoutText: [],
    absentImages: () =>
      Promise.resolve([...rows.keys()].filter((sample) => rows[sample]!.place.length === 0)),
    place: (sample) => `${rows[sample]!.image} in ${files[sample]!}`,
    readImage: (sample) => readPlace(files[sample]!, rows[sample]!.place),
  };
}

function readRows(file: string, split: SplitName, classes: Classes): Row[] {
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const columns = readArrowColumns(file);
  const [images, texts] = [columnOf(columns, 'image', file), columnOf(columns, 'text', file)];
  const [labels, names] = [columnOf(columns, 'label', file), columnOf(columns, 'image_id', file)];
  const written = columnOf(columns, 'split', file);
  return images.places.map((place, row) => {
    const image = String(names.values.get(row));
    const source = `${file}, row ${row} (${image})`;
    const wrong = (expected: string, got: unknown): never => {
      throw new Error(`${source}: expected ${expected}, got ${String(got)}`);
    };
    const label = labelOf(image, classes, source);
    const stored: unknown = labels.values.get(row);
    if (stored !== BigInt(label)) {
      wrong(`the label ${label} that class_idx.json gives its class`, stored);
    }
    const list = [...((texts.values.get(row) as Iterable<unknown> | null) ?? [])];
    const text = list.length === 1 ? list[0] : undefined;
    if (typeof text !== 'string') return wrong('a list of one text', JSON.stringify(list));
    if (written.values.get(row) !== referenceSplits[split]) {
      wrong(`the split ${referenceSplits[split]}`, written.values.get(row));
    }
    return { image, text, label, place };
  });
}

function columnOf(columns: ArrowColumns, name: ColumnName, file: string): ArrowColumn {
  const column = columns.get(name);
  if (!column) {
    throw new Error(`${file}: no column "${name}"; it has ${[...columns.keys()].join(', ')}`);
  }
  const expected = expectedTypes[name];
  if (!expected.fits(column.field.type as DataType)) {
    throw new Error(
      `${file}: expected a column "${name}: ${expected.name}", got "${column.field.toString()}"`,
    );
  }
  return column;
}
