/**
 * Missing tables of Food-101 as Lee et al. (2023) have them: one number a sample of a split, 0 for complete, 1 without text, 2
 * without image. Theirs are files of PyTorch; `mmp convert` makes safetensors of them.
 */
import type { SplitName } from '../data/dataset.js';
import { referenceSplits } from '../data/food101/splits.js';
import { readSafetensors } from '../files/safetensors.js';
import { missingTable, type MissingTable } from './missingTables.js';

export const missingTypes = ['text', 'image', 'both'] as const;
export type MissingType = (typeof missingTypes)[number];

/** What each number of a table says is missing */
const lacking = [[], ['text'], ['image']] as const;

const modalities = ['text', 'image'];

/** The name of a table's file but for its ending, which is `.pt` in the reference: `food101_train_missing_both_07`. */
export function missingTableName(split: SplitName, type: MissingType, ratio: number): string {
  const digits = (Number.isInteger(ratio) ? ratio.toFixed(1) : String(ratio)).replace('.', '');
  return `food101_${referenceSplits[split]}_missing_${type}_${digits}`;
}

/**
 * Reads a table that was converted to safetensors.
 *
 * @param count how many samples the split has
 * @returns per sample, the modalities it lacks
 * @throws Error naming the file, and what is wrong with it
 */
export function readMissingTable(file: string, count: number): (readonly string[])[] {
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
  return Array.from(table.values, (value, sample) => {
    const missing = lacking[value];
    if (missing) return missing;
    throw new Error(`${file}: expected 0, 1 or 2, got ${value} of sample ${sample}`);
  });
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
