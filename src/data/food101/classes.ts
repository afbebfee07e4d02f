/** The 101 dishes, in the order of `class_idx.json`, which is not the alphabet's. */
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../files/json.js';

/** Labels by class */
export type Classes = ReadonlyMap<string, number>;

/**
 * Reads `class_idx.json`: `{"frozen_yogurt": 0, "tacos": 1, …}`.
 *
 * @throws Error naming the file, and the label that is given twice or to no class
 */
export function readClasses(folder: string): Classes {
  const file = path.join(folder, 'class_idx.json');
  const labels = readJson(file, z.record(z.string(), z.int().nonnegative()));
  const inOrder = Object.entries(labels).sort(([, a], [, b]) => a - b);
  inOrder.forEach(([name, label], place) => {
    if (label !== place) {
      throw new Error(
        `${file}: expected each label of 0 … ${inOrder.length - 1} once, got ${name} ${label} in place of ${place}`,
      );
    }
  });
  return new Map(inOrder);
}

/** The class that an image's name says: `french_toast` of `french_toast_320-0.jpg`. */
export function classOf(image: string): string {
  return image.slice(0, Math.max(0, image.lastIndexOf('_')));
}

/**
 * The label of an image by its name.
 *
 * @throws Error naming the source when there is no such class
 */
export function labelOf(image: string, classes: Classes, source: string): number {
  const label = classes.get(classOf(image));
  if (label === undefined) {
    throw new Error(
      `${source}: expected images named after one of ${classes.size} classes, got "${image}"`,
    );
  }
  return label;
}
