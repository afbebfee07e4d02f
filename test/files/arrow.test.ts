import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { makeFolder, removeFolder } from '../support/folders.js';

/** Runs code in a process of its own, whose memory nobody else uses, and reads what it prints as JSON. */
function inProcess(code: string, ...values: string[]): Record<string, number> {
  const library = path.join(projectRoot, 'dist', 'src', 'files', 'arrow.js');
  const script = `
    const arrow = require('apache-arrow');
    const { readArrowColumns, readPlace } = require(${JSON.stringify(library)});
    const [file] = process.argv.slice(1);
    (async () => { ${code} })();`;
  const output = execFileSync(process.execPath, ['-e', script, ...values], { cwd: projectRoot });
  return JSON.parse(output.toString() || '{}') as Record<string, number>;
}

describe('arrow files larger than memory should be', () => {
  const rows = 3000;
  const each = 100_000;
  let folder: string;
  let file: string;

  before(() => {
    folder = makeFolder();
    file = path.join(folder, 'large.arrow');
    // One record batch of 300 MB, as pyarrow writes a table; the bytes of row i are all i mod 251.
    inProcess(
      `
      const [rows, each] = [${rows}, ${each}];
      const data = new Uint8Array(rows * each);
      for (let row = 0; row < rows; row++) data.fill(row % 251, row * each, (row + 1) * each);
      const valueOffsets = Int32Array.from({ length: rows + 1 }, (_, row) => row * each);
      const image = arrow.makeVector(
        arrow.makeData({ type: new arrow.Binary(), length: rows, nullCount: 0, valueOffsets, data }),
      );
      const label = arrow.vectorFromArray(
        Array.from({ length: rows }, (_, row) => BigInt(row)),
        new arrow.Int64(),
      );
      const table = new arrow.Table({ image, label });
      const writer = arrow.RecordBatchFileWriter.writeAll(table);
      await require('node:fs').promises.writeFile(file, writer.toNodeStream());
    `,
      file,
    );
  });
  after(() => {
    removeFolder(folder);
  });

  it('are read at random places with little memory', () => {
    assert.ok(statSync(file).size > rows * each);
    const { grown, columns, wrong } = inProcess(
      `
      const before = process.memoryUsage().rss;
      const columns = readArrowColumns(file);
      const { places } = columns.get('image');
      const { values } = columns.get('label');
      let wrong = 0;
      let peak = 0;
      for (let draw = 0; draw < 500; draw++) {
        const row = (draw * 1009) % places.length;
        const bytes = await readPlace(file, places[row]);
        const right = bytes.length === ${each} && bytes.every((byte) => byte === row % 251);
        if (!right || values.get(row) !== BigInt(row)) wrong++;
        peak = Math.max(peak, process.memoryUsage().rss);
      }
      console.log(JSON.stringify({ grown: peak - before, columns: columns.size, wrong }));
    `,
      file,
    );
    assert.deepEqual([columns, wrong], [2, 0]);
    // 500 values are 50 MB, which come and go.
    assert.ok(grown! < 80e6, `grown by ${(grown! / 1e6).toFixed(0)} MB`);
  });
});
