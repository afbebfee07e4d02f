/** Food-101 in runs: how a configuration loads it, and a look at its files before a long training. */
import { existsSync } from 'node:fs';
import type { Absent } from '../data/absent.js';
import { checkFood101, type Food101Report } from '../data/food101/check.js';
import { loadFood101, type Food101Dataset } from '../data/food101/food101.js';
import { readVocabulary, WordPiece } from '../data/text/wordPiece.js';
import { inProject } from '../files/paths.js';
import type { RunConfig } from './config.js';
import { imagesKept } from './imagesKept.js';

type Food101Data = Extract<RunConfig['data'], { readonly name: 'food101' }>;

/** @throws Error naming the file that is absent or not as it should be */
export function food101Of(data: Food101Data, config: RunConfig): Food101Dataset {
  const { layout, textLength, shape, imageSize: size, missingImage } = data;
  const encoder = new WordPiece(readVocabulary(inProject(data.vocabulary)), textLength);
  const options = { encoder, shape, size, missingImage, imagesKept: imagesKept(config) };
  return loadFood101(inProject(data.folder), layout, options);
}

/**
 * Looks whether everything is there that a run reads, without decoding or allocating anything.
 *
 * @throws Error naming all that is absent, or the table that is not as it should be
 */
export async function checkFood101Files(
  data: Food101Data,
  { model, masking }: RunConfig,
): Promise<Food101Report> {
  const files = {
    'data.vocabulary': data.vocabulary,
    'model.weights': 'weights' in model ? model.weights : undefined,
    'masking.file': masking?.kind === 'table' ? masking.file : undefined,
  };
  const absent = Object.entries(files).flatMap(([key, file]) =>
    file === undefined || existsSync(inProject(file))
      ? []
      : [`${key}: ${inProject(file)} is not there`],
  );
  const folder = inProject(data.folder);
  if (!existsSync(folder)) absent.push(`data.folder: ${folder} is not there`);
  if (absent.length > 0) throw new Error(absent.join('\n'));
  const report = await checkFood101(folder, data.layout);
  if (report.missingImages.count === 0) return report;
  throw new Error(`images that are not there: ${absentText(report.missingImages)}`);
}

/** What was found, as lines of a plan. */
export function food101Lines({ samples, missingTexts }: Food101Report): [string, string][] {
  const splits = Object.entries(samples).map(
    ([split, count]) => `${split} ${count.toLocaleString('en')}`,
  );
  return [
    ['samples', splits.join(', ')],
    ['left out', `without a text: ${absentText(missingTexts)}`],
  ];
}

function absentText({ count, first }: Absent): string {
  if (count === 0) return 'none';
  const others = count > first.length ? ', …' : '';
  return `${count.toLocaleString('en')} (${first.join(', ')}${others})`;
}
