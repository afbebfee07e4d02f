import assert from 'node:assert/strict';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  Binary,
  Bool,
  CompressionType,
  compressionRegistry,
  Field,
  Int32,
  Int64,
  List,
  RecordBatchFileWriter,
  Table,
  tableFromIPC,
  Utf8,
  vectorFromArray,
  type DataType,
} from 'apache-arrow';
import { readArrow } from '../../../src/data/food101/arrow.js';
import { classOf, readClasses } from '../../../src/data/food101/classes.js';
import { readRaw } from '../../../src/data/food101/raw.js';
import { readSplits } from '../../../src/data/food101/splits.js';
import { miniature, realFood101, withCopy } from '../../support/food101.js';
import { makeFolder, removeFolder } from '../../support/folders.js';
import { skip } from '../../support/skip.js';

describe('Food-101 as it is', () => {
  before(function () {
    if (!existsSync(realFood101)) skip(this, `${realFood101} is not there`);
  });

  it('has 101 classes in an order of its own', () => {
    const classes = [...readClasses(realFood101).keys()];
    assert.equal(classes.length, 101);
    assert.deepEqual(classes.slice(0, 3), ['frozen_yogurt', 'tacos', 'gnocchi']);
  });

  it('has 90,704 images in three splits', () => {
    const splits = readSplits(realFood101, readClasses(realFood101));
    const counts = Object.values(splits).map((images) => images.length);
    assert.deepEqual(counts, [61142, 6846, 22716]);
    assert.equal(new Set(Object.values(splits).flat()).size, 90704);
    assert.equal(classOf('french_toast_320-0.jpg'), 'french_toast');
  });
});

describe('Food-101 classes and splits', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });
  const write = (name: string, value: unknown) => {
    writeFileSync(
      path.join(folder, name),
      typeof value === 'string' ? value : JSON.stringify(value),
    );
  };
  const split = { train: ['a_1.jpg'], val: ['b_1.jpg'], test: ['a_2.jpg'] };

  it('name what is wrong with the classes', () => {
    const refuse = (value: unknown, message: RegExp) => {
      write('class_idx.json', value);
      assert.throws(() => readClasses(folder), message);
    };
    refuse(
      { a: 0, b: 2 },
      /class_idx.json: expected each label of 0 … 1 once, got b 2 in place of 1/,
    );
    refuse({ a: 0, b: 0 }, /got b 0 in place of 1/);
    refuse({ a: 0, b: 'one' }, /class_idx.json: .*expected number, received string/s);
    refuse({ a: 0.5 }, /class_idx.json: .*expected int/s);
    refuse('{"a": 0,', /class_idx.json is no JSON/);
    rmSync(path.join(folder, 'class_idx.json'));
    assert.throws(() => readClasses(folder), /class_idx.json cannot be read: ENOENT/);
  });

  it('name what is wrong with the splits', () => {
    const classes = new Map([
      ['a', 0],
      ['b', 1],
    ]);
    const refuse = (value: unknown, message: RegExp) => {
      write('split.json', value);
      assert.throws(() => readSplits(folder, classes), message);
    };
    write('split.json', split);
    assert.deepEqual(readSplits(folder, classes).validation, ['b_1.jpg']);
    refuse({ ...split, test: ['a_1.jpg'] }, /split.json: a_1.jpg is in train and again in test/);
    refuse(
      { ...split, val: ['b_1.jpg', 'b_1.jpg'] },
      /b_1.jpg is in validation and again in valid/,
    );
    refuse({ ...split, val: ['c_1.jpg'] }, /split.json: expected images named .* got "c_1.jpg"/);
    refuse({ ...split, val: ['b.jpg'] }, /split.json: expected images named .* got "b.jpg"/);
    refuse({ train: [], test: [] }, /split.json: .*val/s);
    refuse('[', /split.json is no JSON/);
  });
});

describe('Food-101 layouts', () => {
  const [raw, arrow] = [readRaw(miniature.raw), readArrow(miniature.arrow)];

  it('hold the same samples', async () => {
    assert.deepEqual(raw.classes, ['frozen_yogurt', 'tacos', 'gnocchi', 'breakfast_burrito']);
    assert.deepEqual(arrow.classes, raw.classes);
    assert.equal(raw.images.length, 22);
    assert.deepEqual(arrow.images, raw.images);
    assert.deepEqual(arrow.texts, raw.texts);
    assert.equal(raw.texts[0], 'Recipe 0: how to make frozen yogurt | Ünïcode 0');
    assert.deepEqual(arrow.labels, raw.labels);
    assert.deepEqual(arrow.splits, raw.splits);
    for (const sample of raw.images.keys()) {
      const bytes = Buffer.from(await arrow.readImage(sample));
      assert.deepEqual(bytes, Buffer.from(await raw.readImage(sample)), raw.place(sample));
    }
  });

  it('are numbered through, and leave images without a text out', () => {
    const { train, validation, test } = raw.splits;
    assert.deepEqual([train.length, validation.length, test.length], [11, 4, 7]);
    assert.deepEqual([...train, ...validation, ...test], [...raw.images.keys()]);
    assert.deepEqual(raw.withoutText, ['frozen_yogurt_1.jpg', 'frozen_yogurt_4.jpg']);
    assert.deepEqual(
      [...raw.labels],
      raw.images.map((image) => raw.classes.indexOf(classOf(image))),
    );
  });

  it('have the same titles in text.json and in the tables', async () => {
    await withCopy('raw', (folder) => {
      const file = path.join(folder, 'text.json');
      const titles = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
      rmSync(file);
      const samples = readRaw(folder);
      assert.deepEqual(samples.texts, raw.texts);
      assert.deepEqual(samples.withoutText, raw.withoutText);
      const lists = Object.entries(titles).map(([image, title]) => [image, [title, 'another']]);
      writeFileSync(file, JSON.stringify({ ...Object.fromEntries(lists), 'tacos_6.jpg': [] }));
      assert.deepEqual(readRaw(folder).texts.length, raw.texts.length - 1);
      assert.equal(readRaw(folder).texts[0], raw.texts[0]);
      rmSync(file);
      rmSync(path.join(folder, 'texts', 'test_titles.csv'));
      assert.throws(
        () => readRaw(folder),
        /expected the titles in .*text.json or in .*test_titles/,
      );
    });
  });

  it('tell which images are not there', async () => {
    assert.deepEqual([await raw.absentImages(), await arrow.absentImages()], [[], []]);
    await withCopy('raw', async (folder) => {
      const samples = readRaw(folder);
      rmSync(samples.place(3));
      rmSync(path.join(folder, 'images', 'test'), { recursive: true });
      assert.deepEqual(await samples.absentImages(), [3, ...samples.splits.test]);
      await assert.rejects(samples.readImage(3), new RegExp(`ENOENT.*${samples.images[3]!}`));
    });
  });

  type Columns = Record<string, { type: DataType; values: unknown[] }>;

  const replaced = (values: readonly unknown[], place: number, value: unknown) =>
    values.map((old, index) => (index === place ? value : old));

  /** The columns of the miniature's training split. */
  function columnsOf(folder: string): Columns {
    const table = tableFromIPC(readFileSync(path.join(folder, 'food101_train.arrow')));
    const entries = table.schema.fields.map((field: Field) => [
      field.name,
      { type: field.type as DataType, values: [...table.getChild(field.name)!] as unknown[] },
    ]);
    return Object.fromEntries(entries) as Columns;
  }

  /** Writes the training split anew, from other columns. */
  function write(folder: string, columns: Columns): void {
    const table = new Table(
      Object.fromEntries(
        Object.entries(columns).map(([name, { type, values }]) => [
          name,
          vectorFromArray(values, type),
        ]),
      ),
    );
    const bytes = RecordBatchFileWriter.writeAll(table).toUint8Array(true);
    writeFileSync(path.join(folder, 'food101_train.arrow'), bytes);
  }

  const refuse = (change: (columns: Columns) => void, message: RegExp) =>
    withCopy('arrow', (folder) => {
      const columns = columnsOf(folder);
      change(columns);
      write(folder, columns);
      assert.throws(() => readArrow(folder), message);
    });

  it('may be written by others, with columns that nobody asks for', async () => {
    await withCopy('arrow', async (folder) => {
      const { image, ...rest } = columnsOf(folder);
      const flags = { type: new Bool(), values: image!.values.map((_, row) => row % 2 === 0) };
      write(folder, { flags, ...rest, other: image!, image: image! });
      const samples = readArrow(folder);
      assert.deepEqual(samples.images, raw.images);
      assert.deepEqual(Buffer.from(await samples.readImage(9)), readFileSync(raw.place(9)));
    });
  });

  it('name the column that is missing or of another type', async () => {
    await refuse(
      (columns) => delete columns.label,
      /food101_train.arrow: no column "label"; it has image, text, image_id, split/,
    );
    await refuse((columns) => {
      columns.label = { type: new Int32(), values: columns.label!.values.map(Number) };
    }, /train.arrow: expected a column "label: int64", got "label: Int32"/);
    await refuse((columns) => {
      columns.text = { type: new Utf8(), values: columns.text!.values.map(String) };
    }, /expected a column "text: list<string>", got "text: Utf8"/);
    await refuse((columns) => {
      columns.image = { type: new Utf8(), values: columns.image_id!.values };
    }, /expected a column "image: binary", got "image: Utf8"/);
  });

  it('name the row with a value that cannot be', async () => {
    const row = String.raw`food101_train.arrow, row 2 \(tacos_6.jpg\): expected`;
    const replace = (name: string, type: DataType, value: unknown, message: string) =>
      refuse((columns) => {
        const values = replaced(columns[name]!.values, 2, value);
        columns[name] = { type, values };
      }, new RegExp(message));
    const long = new Int64();
    await replace('label', long, 101n, `${row} the label 1 that class_idx.json .*, got 101`);
    await replace('label', long, -1n, `${row} the label 1 .*, got -1`);
    await replace('label', long, null, `${row} the label 1 .*, got null`);
    await replace('split', new Utf8(), 'test', `${row} the split train, got test`);
    const list = new List(new Field('item', new Utf8()));
    await replace('text', list, [], String.raw`${row} a list of one text, got \[\]`);
    await replace('text', list, ['a', 'b'], String.raw`${row} a list of one text, got \["a","b"\]`);
    await replace('text', list, null, String.raw`${row} a list of one text, got \[\]`);
    await replace('text', list, [null], String.raw`${row} a list of one text, got \[null\]`);
    await replace('image_id', new Utf8(), 'pie_1.jpg', 'row 2 .pie_1.jpg.: expected images named');
    await replace('image_id', new Utf8(), 'tacos_8.jpg', 'tacos_8.jpg is in train and again in');
  });

  it('know rows without an image', async () => {
    await withCopy('arrow', async (folder) => {
      const columns = columnsOf(folder);
      columns.image = { type: new Binary(), values: replaced(columns.image!.values, 4, null) };
      write(folder, columns);
      assert.deepEqual(await readArrow(folder).absentImages(), [4]);
    });
  });

  it('do not take compressed arrow files', async () => {
    // The writer only needs something that looks like its kind of compression.
    const type = CompressionType.ZSTD;
    const encode = (bytes: Uint8Array) => Buffer.concat([Buffer.from('28b52ffd', 'hex'), bytes]);
    compressionRegistry.set(type, { encode });
    await withCopy('arrow', (folder) => {
      const file = path.join(folder, 'food101_test.arrow');
      const writer = new RecordBatchFileWriter({ compressionType: type });
      writer.write(tableFromIPC(readFileSync(file)));
      writeFileSync(file, writer.finish().toUint8Array(true));
      assert.throws(
        () => readArrow(folder),
        /food101_test.arrow .*: its record batches are compressed/,
      );
    });
  });

  it('name the arrow file that has changed', async () => {
    await withCopy('arrow', async (folder) => {
      const samples = readArrow(folder);
      truncateSync(path.join(folder, 'food101_train.arrow'), 3000);
      await assert.rejects(
        samples.readImage(10),
        /food101_train.arrow: expected \d+ bytes from byte \d+ on, got 0/,
      );
    });
    await withCopy('arrow', (folder) => {
      const file = path.join(folder, 'food101_test.arrow');
      const bytes = readFileSync(file);
      const jpeg = readFileSync(raw.place(raw.splits.test[0]!));
      // The offsets of images stand before the first of them, 0 and the first one's length.
      const offsets = bytes.indexOf(Buffer.from(Uint32Array.of(0, jpeg.length).buffer));
      bytes.writeInt32LE(-1, offsets + 4);
      writeFileSync(file, bytes);
      assert.throws(
        () => readArrow(folder),
        /test.arrow cannot be read .*: row 0 has bytes 0 to -1 of/,
      );
    });
  });

  it('name the arrow file that is absent, cut off, or none', async () => {
    for (const length of [0, 5, 100, 2000, 9000]) {
      await withCopy('arrow', (folder) => {
        truncateSync(path.join(folder, 'food101_val.arrow'), length);
        assert.throws(
          () => readArrow(folder),
          /food101_val.arrow cannot be read as an Arrow file: it does not (begin|end) with ARROW1/,
        );
      });
    }
    await withCopy('arrow', (folder) => {
      const file = path.join(folder, 'food101_val.arrow');
      const bytes = readFileSync(file);
      // A footer that is longer than the file, and one that is none.
      bytes.writeInt32LE(bytes.length, bytes.length - 10);
      writeFileSync(file, bytes);
      assert.throws(() => readArrow(folder), /food101_val.arrow cannot be read .*: a footer of/);
      bytes.writeInt32LE(16, bytes.length - 10);
      writeFileSync(file, bytes);
      assert.throws(() => readArrow(folder), /food101_val.arrow cannot be read as an Arrow file/);
      renameSync(file, `${file}.old`);
      assert.throws(() => readArrow(folder), /food101_val.arrow is not there/);
      assert.equal(readdirSync(folder).length, 4);
    });
  });
});
