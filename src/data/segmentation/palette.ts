/** Colours of classes for data sets that bring none. */
import type { Palette } from './dataset.js';

/**
 * Colours that differ as much as they can: the lowest three bits of the class, counted from 1, become the highest of
 * red, green and blue, the next three the second highest, and so on, as PASCAL VOC colours its classes.
 */
export function bitPalette(classes: number): Palette {
  return Array.from({ length: classes }, (_, label) => {
    const channel = (first: number) =>
      [0, 1, 2].reduce(
        (value, group) => value | ((((label + 1) >> (3 * group + first)) & 1) << (7 - group)),
        0,
      );
    return [channel(0), channel(1), channel(2)] as const;
  });
}
