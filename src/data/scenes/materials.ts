/**
 * What surfaces are made of: how they reflect light, polarise it, warm up, and how rough they are. The ranges of
 * different classes overlap on purpose: grey walls are as grey as roads, bushes as green as grass and as green cars,
 * clothes have any colour, and stone at noon is as warm as a person.
 */
import type { Stream } from '../../tensor/random.js';

/** Red, green, blue; linear, not in the steps of a display */
export type Colour = readonly [red: number, green: number, blue: number];

export interface Material {
  /** The share of light that is scattered, by colour */
  readonly albedo: Colour;
  /** How much the albedo varies from grain to grain, as a share of it */
  readonly contrast: number;
  /** Metres from grain to grain */
  readonly grain: number;
  /** How much of its surface is smooth: 0 scatters only, 1 is a mirror of Fresnel's reflectance */
  readonly gloss: number;
  /** n, of what it is made of */
  readonly refraction: number;
  /** The share of heat radiation that is its own; the rest mirrors the sky's */
  readonly emissivity: number;
  /** How many kelvin full sun warms it */
  readonly heating: number;
  /** How many kelvin it is warmer than the air without sun */
  readonly warmth: number;
  /** Metres by which a depth sensor finds it uneven */
  readonly relief: number;
  /** Light of its own */
  readonly glow: Colour;
}

const dull: Material = {
  albedo: [0.2, 0.2, 0.2],
  contrast: 0.15,
  grain: 0.3,
  gloss: 0.05,
  refraction: 1.5,
  emissivity: 0.95,
  heating: 12,
  warmth: 0,
  relief: 0.01,
  glow: [0, 0, 0],
};

/** A dull surface but for what is said. */
export const material = (own: Partial<Material>): Material => ({ ...dull, ...own });

/** A colour between two, with one draw for brightness and one for each colour. */
export function between(random: Stream, low: Colour, high: Colour): Colour {
  const bright = random.uniform();
  const mix = (index: 0 | 1 | 2) => {
    const share = 0.8 * bright + 0.2 * random.uniform();
    return low[index] + share * (high[index] - low[index]);
  };
  return [mix(0), mix(1), mix(2)];
}

/** One of them. */
export function oneOf<T>(random: Stream, items: readonly T[]): T {
  return items[random.integer(items.length)]!;
}

type Range = readonly [low: Colour, high: Colour];

export const colours = {
  asphalt: [
    [0.05, 0.05, 0.055],
    [0.2, 0.2, 0.21],
  ],
  paving: [
    [0.13, 0.125, 0.12],
    [0.38, 0.35, 0.32],
  ],
  paint: [
    [0.5, 0.5, 0.48],
    [0.75, 0.74, 0.7],
  ],
  grass: [
    [0.04, 0.1, 0.02],
    [0.16, 0.24, 0.07],
  ],
  dryGrass: [
    [0.16, 0.15, 0.06],
    [0.3, 0.26, 0.12],
  ],
  leaves: [
    [0.02, 0.06, 0.015],
    [0.11, 0.2, 0.05],
  ],
  autumn: [
    [0.2, 0.1, 0.02],
    [0.42, 0.24, 0.05],
  ],
  bark: [
    [0.05, 0.035, 0.025],
    [0.16, 0.12, 0.09],
  ],
  brick: [
    [0.18, 0.07, 0.05],
    [0.38, 0.17, 0.11],
  ],
  plaster: [
    [0.3, 0.28, 0.24],
    [0.7, 0.67, 0.6],
  ],
  concrete: [
    [0.12, 0.12, 0.12],
    [0.35, 0.35, 0.34],
  ],
  tiles: [
    [0.08, 0.05, 0.05],
    [0.32, 0.14, 0.09],
  ],
  steel: [
    [0.05, 0.06, 0.06],
    [0.35, 0.36, 0.37],
  ],
  skin: [
    [0.09, 0.05, 0.035],
    [0.5, 0.34, 0.26],
  ],
} as const satisfies Readonly<Record<string, Range>>;

/** A colour of that kind. */
export function drawColour(random: Stream, kind: keyof typeof colours): Colour {
  return between(random, colours[kind][0], colours[kind][1]);
}

/** Any colour, as clothes, cars and signs have it: some of them grey, some bright. */
export function anyColour(random: Stream): Colour {
  const bright = random.uniform(0.03, 0.6);
  if (random.uniform() < 0.45) return [bright, bright, bright];
  const weak = bright * random.uniform(0.05, 0.4);
  const middle = bright * random.uniform(0.1, 0.9);
  return oneOf<Colour>(random, [
    [bright, middle, weak],
    [bright, weak, middle],
    [middle, bright, weak],
    [weak, bright, middle],
    [middle, weak, bright],
    [weak, middle, bright],
  ]);
}
