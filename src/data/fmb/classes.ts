/** The 14 classes of FMB in the order of their labels, without the background, and a colour for each. */
import type { Palette } from '../segmentation/dataset.js';

const colours = {
  Road: [228, 228, 179],
  Sidewalk: [133, 57, 181],
  Building: [177, 162, 67],
  'Traffic Light': [50, 178, 200],
  'Traffic Sign': [199, 45, 132],
  Vegetation: [84, 172, 66],
  Sky: [79, 73, 179],
  Person: [166, 99, 76],
  Car: [253, 121, 66],
  Truck: [91, 165, 137],
  Bus: [152, 97, 155],
  Motorcycle: [140, 153, 105],
  Bicycle: [158, 215, 222],
  Pole: [90, 113, 135],
} as const;

export const fmbClasses: readonly string[] = Object.keys(colours);
export const fmbPalette: Palette = Object.values(colours);
