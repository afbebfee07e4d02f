/** Tables: rows under a header, or a danfo frame; HTML for notebooks, aligned text for everyone. */
import Table from 'cli-table3';
import { display, type Bundle } from './display.js';
import { tableHtml, type Cell } from './html.js';

type Header = readonly string[];
type Rows = readonly (readonly Cell[])[];

/** What is used of a danfo DataFrame (of two dimensions) or Series (of one). */
export interface FrameLike {
  readonly ndim: number;
  readonly columns: readonly string[];
  readonly index: readonly (string | number)[];
  /** Rows of cells, or the cells of the one column */
  readonly values: unknown;
}

/** A frame of more rows is shown by its first and last ones. */
const longestFrame = 30;
const shownAtEachEnd = 10;

/**
 * Shows rows under a header, or a danfo DataFrame or Series; numbers stand to the right. Of a frame with more
 * than 30 rows the first ten and the last ten are shown. Its index stands in front where that has names.
 *
 * @throws Error naming the row that has not as many cells as the header
 */
export function table(header: Header, rows: Rows): void;
export function table(frame: FrameLike): void;
export function table(first: Header | FrameLike, second: Rows = []): void {
  if (!isHeader(first)) {
    display(frameBundle(first));
    return;
  }
  expectWhole(first, second);
  display(rowsBundle(first, second));
}

/** Whether a value is a danfo DataFrame or Series. */
export function isFrame(value: unknown): value is FrameLike {
  if (typeof value !== 'object' || value === null) return false;
  const { ndim, columns, index, values } = value as Partial<FrameLike>;
  return typeof ndim === 'number' && [columns, index, values].every(Array.isArray);
}

/** A danfo DataFrame or Series as `table` shows it. */
export function frameBundle(frame: FrameLike): Bundle {
  const [header, rows] = partsOf(frame);
  expectWhole(header, rows);
  if (rows.length <= longestFrame) return rowsBundle(header, rows);
  const gap = header.map(() => '…');
  const ends = [...rows.slice(0, shownAtEachEnd), gap, ...rows.slice(-shownAtEachEnd)];
  const leftOut = rows.length - 2 * shownAtEachEnd;
  return rowsBundle(header, ends, `${leftOut} of ${rows.length} rows are left out`);
}

const isHeader = (value: Header | FrameLike): value is Header => Array.isArray(value);

/** A frame's header and rows. */
function partsOf(frame: FrameLike): [Header, Rows] {
  if (!isFrame(frame)) {
    throw new Error('table: expected a header and rows, or a danfo DataFrame or Series');
  }
  const { ndim, columns, index, values } = frame;
  const rows = ndim === 1 ? (values as unknown[]).map((value) => [value]) : (values as unknown[][]);
  if (rows.length !== index.length) {
    throw new Error(
      `table: the frame has ${rows.length} rows, expected ${index.length} as in its index`,
    );
  }
  const cells = rows.map((row) => row.map(cellOf));
  // Numbers only say which row it is.
  if (index.every((name) => typeof name === 'number')) return [columns, cells];
  return [['', ...columns], cells.map((row, place) => [index[place]!, ...row])];
}

const cellOf = (value: unknown): Cell => (typeof value === 'number' ? value : String(value));

function expectWhole(header: Header, rows: Rows): void {
  rows.forEach(({ length }, row) => {
    if (length === header.length) return;
    const expected = `expected ${header.length} as in the header (${header.join(', ')})`;
    throw new Error(`table: row ${row + 1} has ${length} cells, ${expected}`);
  });
}

function rowsBundle(header: Header, rows: Rows, note = ''): Bundle {
  const html = tableHtml(header, rows);
  const text = tableText(header, rows);
  return {
    'text/html': note === '' ? html : `${html}<p>${note}</p>`,
    'text/plain': note === '' ? text : `${text}\n${note}`,
  };
}

/** Rows under a header as aligned text. */
export function tableText(header: Header, rows: Rows): string {
  const text = new Table({
    head: [...header],
    colAligns: header.map((_, column) =>
      rows.some((row) => typeof row[column] === 'number') ? 'right' : 'left',
    ),
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    // Colours would be control characters in a log.
    style: { head: [], border: [] },
  });
  for (const row of rows) text.push([...row]);
  return text.toString();
}
