/** What both layouts of Food-101 come to: everything in memory but the images. */
import type { Splits } from '../dataset.js';

/** `raw` are folders of JPEG files with tables of titles, `arrow` what Missing-Aware Prompts makes of them. */
export const food101Layouts = ['raw', 'arrow'] as const;
export type Food101Layout = (typeof food101Layouts)[number];

export interface Food101Samples {
  /** In the order of their labels */
  readonly classes: readonly string[];
  /** Per sample, its image file without a folder */
  readonly images: readonly string[];
  readonly labels: Int32Array;
  readonly texts: readonly string[];
  readonly splits: Splits;
  /** Images of the splits that have no text: they are left out, as the reference does it. */
  readonly withoutText: readonly string[];
  /** Samples of which the image is not there */
  absentImages(): Promise<number[]>;
  /** Where an image lies, for errors */
  place(sample: number): string;
  /** The bytes of an image's file */
  readImage(sample: number): Promise<Uint8Array>;
}
