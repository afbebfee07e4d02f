/** Where the images of a data set lie, and one sample of it read whole. */
import type { LabelledRasters, Raster } from './raster.js';
import { readLabels, type LabelEncoding } from './read.js';
import type { ListedSamples } from './lists.js';
import { crop } from './place.js';
import type { Normalisation } from './normalise.js';

/** What a modality is made of. */
export interface ModalityFiles {
  /** The files of a sample; the channels of the modality are theirs, one file's after the other's */
  readonly files: (name: string) => readonly string[];
  readonly read: (file: string) => Promise<Raster>;
  readonly normalisation: Normalisation;
}

export interface SegmentationFiles extends ListedSamples {
  /** In the order in which networks have them */
  readonly modalities: Readonly<Record<string, ModalityFiles>>;
  readonly labelFile: (name: string) => string;
  readonly encoding: LabelEncoding;
  /** How many columns on the left are no part of the images */
  readonly cutColumns?: number;
}

/** All files of a sample. */
export function filesOf({ modalities, labelFile }: SegmentationFiles, name: string): string[] {
  const ofModalities = Object.values(modalities).flatMap(({ files }) => files(name));
  return [labelFile(name), ...ofModalities];
}

/**
 * Reads and decodes a sample.
 *
 * @throws Error naming the file that is not there, damaged, or of another size than the labels
 */
export async function readSample(
  { modalities, labelFile, encoding, cutColumns = 0 }: SegmentationFiles,
  name: string,
): Promise<LabelledRasters> {
  const labelled = labelFile(name);
  const readingLabels = readLabels(labelled, encoding);
  const reading = Object.entries(modalities).map(
    async ([modality, { files, read }]): Promise<[string, Raster]> => {
      const parts = await Promise.all(
        files(name).map(async (file) => ({ file, image: await read(file) })),
      );
      const labels = await readingLabels;
      for (const { file, image } of parts) expectSize(file, image, labelled, labels);
      return [modality, withoutColumns(joined(parts.map(({ image }) => image)), cutColumns)];
    },
  );
  const [labels, ...images] = await Promise.all([readingLabels, ...reading]);
  if (labels.width <= cutColumns) {
    throw new Error(
      `${labelled}: ${labels.width} columns, expected more than the ${cutColumns} that are cut off`,
    );
  }
  return { images: Object.fromEntries(images), labels: withoutColumns(labels, cutColumns) };
}

function expectSize(file: string, image: Raster, labelled: string, labels: Raster): void {
  if (image.width === labels.width && image.height === labels.height) return;
  throw new Error(
    `${file}: ${image.width} × ${image.height} pixels, expected ${labels.width} × ${labels.height} as ${labelled} has`,
  );
}

/** Several images of one channel as one. */
function joined(parts: readonly Raster[]): Raster {
  const [first] = parts;
  if (parts.length === 1) return first!;
  const channels = parts.length;
  const values = new Float32Array(first!.values.length * channels);
  parts.forEach((part, channel) => {
    const pixels = part.values.length;
    for (let pixel = 0; pixel < pixels; pixel++) {
      values[pixel * channels + channel] = part.values[pixel]!;
    }
  });
  return { ...first!, channels, values };
}

function withoutColumns<R extends Raster>(image: R, columns: number): R {
  if (columns === 0 || image.width <= columns) return image;
  const { width, height } = image;
  return crop(image, { left: columns, top: 0, width: width - columns, height }) as R;
}

/**
 * Those of the modalities that are asked for, in the order of the data set.
 *
 * @throws Error naming what is no modality, or when none is asked for
 */
export function chosenModalities<T>(
  all: Readonly<Record<string, T>>,
  chosen: readonly string[] | undefined,
  source: string,
): Record<string, T> {
  const known = Object.keys(all).join(', ');
  const unknown = chosen?.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) {
    throw new Error(`${source}: no modality "${unknown}"; there are ${known}`);
  }
  if (chosen?.length === 0) throw new Error(`${source}: modalities must name some of ${known}`);
  return Object.fromEntries(
    Object.entries(all).filter(([name]) => chosen === undefined || chosen.includes(name)),
  );
}
