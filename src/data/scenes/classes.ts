/** The classes of pixels in synthetic scenes, and the colours that class maps are drawn in. */
export const sceneClasses = [
  'sky',
  'road',
  'marking',
  'pavement',
  'grass',
  'water',
  'building',
  'window',
  'tree',
  'person',
  'car',
  'pole',
] as const;
export type SceneClass = (typeof sceneClasses)[number];

/** Red, green, blue by class, in the order of `sceneClasses`. */
export const scenePalette: readonly (readonly [number, number, number])[] = [
  [135, 190, 235],
  [95, 90, 100],
  [250, 250, 250],
  [200, 170, 190],
  [150, 220, 110],
  [30, 90, 220],
  [165, 105, 60],
  [90, 225, 225],
  [25, 115, 45],
  [225, 30, 50],
  [110, 40, 170],
  [250, 190, 0],
];
