/**
 * Missing tables of Food-101 as Lee et al. (2023) have them: one number a sample of a split, 0 for complete, 1
 * without text, 2 without image. Theirs are files of PyTorch; `mmp convert` makes safetensors of them.
 */
import path from 'node:path';
import type { SplitName } from '../data/dataset.js';
import { referenceSplits } from '../data/food101/splits.js';
import { readSafetensors } from '../files/safetensors.js';
import { naming } from './golden.js';
import { missingTable, type MissingTable } from './missingTables.js';

export const missingTypes = ['text', 'image', 'both'] as const;
export type MissingType = (typeof missingTypes)[number];

/** What each number of a table says is missing */
const lacking = [[], ['text'], ['image']] as const;

const modalities: readonly string[] = ['text', 'image'];

/** The name of a table's file but for its ending, which is `.pt` in the reference: `food101_train_missing_both_07`. */
export function missingTableName(split: SplitName, type: MissingType, ratio: number): string {
  const digits = (Number.isInteger(ratio) ? ratio.toFixed(1) : String(ratio)).replace('.', '');
  return `food101_${referenceSplits[split]}_missing_${type}_${digits}`;
}

/**
 * Reads a table that was converted to safetensors; it is called as its file.
 *
 * @param count how many samples the split has
 * @param of the modalities of the data set
 * @throws Error naming the file, and what is wrong with it, or that the data set has other modalities
 */
export function readMissingTable(file: string, count: number, of = modalities): MissingTable {
  const { tensors } = readSafetensors(file);
  const table = tensors.get('table');
  if (!table) {
    throw new Error(`${file}: expected a tensor "table", got ${[...tensors.keys()].join(', ')}`);
  }
  if (table.shape.length !== 1 || table.shape[0] !== count) {
    throw new Error(
      `${file}: expected one number for each of ${count} samples, got [${table.shape.join(', ')}]`,
    );
  }
  const missing = Array.from(table.values, (value, sample): readonly string[] => {
    const names = lacking[value];
    if (names) return names;
    throw new Error(`${file}: expected 0, 1 or 2, got ${value} of sample ${sample}`);
  });
  const shares = lacking
    .map((names) => ({
      missing: names,
      share: missing.filter((one) => one === names).length / count,
    }))
    .filter(({ missing: names, share }) => names.length > 0 && share > 0);
  const { name } = path.parse(file);
  return { ...naming(file, () => missingTable(shares, of, name)), missing };
}

/**
 * A table of the reference's kind, for `drawMissing`: so large a share lacks the text, or the image, or one of
 * both, half of these the image and the rest the text.
 */
export function referenceTable(type: MissingType, ratio: number): MissingTable {
  const shares =
    type === 'both'
      ? [
          { missing: ['image'], share: ratio / 2 },
          { missing: ['text'], share: ratio / 2 },
        ]
      : [{ missing: [type], share: ratio }];
  return missingTable(ratio === 0 ? [] : shares, modalities, `missing ${type} ${ratio}`);
}
