/**
 * The tables of titles, `train_titles.csv` and `test_titles.csv`: lines of image, title and class without a
 * header. They are no sound CSV: the title of breakfast_burrito_730.jpg opens a quote that nothing closes, and a
 * parser reads on to the next quote, dozens of lines later; in those lines the images are even called `.txt`.
 * But every row begins with an image's name and ends with the class in that name, whatever stands between.
 */
import { readFileSync } from 'node:fs';

const rowStart = /^(?=\w+_[\d-]+\.(?:jpg|txt),)/m;
const row = /^((\w+)_[\d-]+)\.(?:jpg|txt),([^]*),\2\s*$/;

/** Titles by image file */
export type Titles = ReadonlyMap<string, string>;

/** @throws Error as `parseTitles` does, and when the file cannot be read */
export function readTitles(file: string): Titles {
  return parseTitles(readFileSync(file, 'utf8'), file);
}

/**
 * Reads a table of titles. Rows with an empty title count as not there.
 *
 * @param source what errors call the table
 * @throws Error naming the line that is no such row
 */
export function parseTitles(table: string, source: string): Titles {
  const titles = new Map<string, string>();
  let line = 1;
  for (const part of table.replace(/^\uFEFF/, '').split(rowStart)) {
    const [, image, , title] = row.exec(part) ?? [];
    if (image === undefined && part.trim() !== '') {
      throw new Error(
        `${source}, line ${line}: expected an image, its title, and the class in the image's name, ` +
          `got "${part.trimEnd().slice(0, 80)}"`,
      );
    }
    const text = unquoted(title ?? '');
    if (text !== '') titles.set(`${image!}.jpg`, text);
    line += part.split('\n').length - 1;
  }
  return titles;
}

/** A title without the quotes around it, or without the one that nothing closes. */
function unquoted(field: string): string {
  const title = field.trim();
  const [, quoted] = /^"((?:[^"]|"")*)"$/.exec(title) ?? /^"([^"]*)$/.exec(title) ?? [];
  return (quoted?.replaceAll('""', '"') ?? title).trim();
}
