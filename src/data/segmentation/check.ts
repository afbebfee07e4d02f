/** A look at a data set of labelled images before a long training: every file is read and counted. */
import { existsSync } from 'node:fs';
import { absentOf, type Absent } from '../absent.js';
import { bySplit, ignoredLabel, splitNames, type SplitName } from '../dataset.js';
import { filesOf, readSample, type SegmentationFiles } from './files.js';

export interface SegmentationReport {
  /** How many samples each split has */
  readonly samples: Readonly<Record<SplitName, number>>;
  /** How many samples have images of which size, width × height, as they are read */
  readonly sizes: Readonly<Record<string, number>>;
  /** How many pixels of each split have which class, and under `ignored` none */
  readonly pixels: Readonly<Record<SplitName, Readonly<Record<string, number>>>>;
  /** The least and the largest number of each modality, in bytes or as they are measured */
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  /** Files that are not there */
  readonly missing: Absent;
  /** What is wrong with files that are there */
  readonly damaged: Absent;
}

/** Reads all samples, one after the other; a sample with a missing or damaged file is not counted. */
export async function checkSegmentation(
  files: SegmentationFiles,
  classes: readonly string[],
): Promise<SegmentationReport> {
  const sizes: Record<string, number> = {};
  const ranges: Record<string, [number, number]> = {};
  const missing: string[] = [];
  const damaged: string[] = [];
  const counts = bySplit(() => new Float64Array(ignoredLabel + 1));
  for (const split of splitNames) {
    for (const sample of files.splits[split]) {
      const name = files.names[sample]!;
      const absent = filesOf(files, name).filter((file) => !existsSync(file));
      missing.push(...absent);
      if (absent.length > 0) continue;
      try {
        const { images, labels } = await readSample(files, name);
        const size = `${labels.width} × ${labels.height}`;
        sizes[size] = (sizes[size] ?? 0) + 1;
        for (const label of labels.values) counts[split][label]! += 1;
        for (const [modality, { values }] of Object.entries(images)) {
          ranges[modality] = widened(ranges[modality], values);
        }
      } catch (error) {
        damaged.push((error as Error).message);
      }
    }
  }
  return {
    samples: bySplit((split) => files.splits[split].length),
    sizes,
    pixels: bySplit((split) => ({
      ...Object.fromEntries(classes.map((name, label) => [name, counts[split][label]!])),
      ignored: counts[split][ignoredLabel]!,
    })),
    ranges,
    missing: absentOf(missing),
    damaged: absentOf(damaged),
  };
}

function widened(
  [least, most]: readonly [number, number] = [Infinity, -Infinity],
  values: Iterable<number>,
): [number, number] {
  let [low, high] = [least, most];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
