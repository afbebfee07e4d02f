/**
 * The time of day, the sun, the sky and the air of a scene.
 *
 * The sky's light goes from the horizon's colour to the zenith's with the root of the elevation's sine, with clouds
 * before it. A clear sky is much colder than the air where one looks straight up, and as warm at the horizon; clouds
 * are nearly as warm as the air. Scattered sunlight is polarised across the plane of sun and view by
 * sin²γ / (1 + cos²γ), Rayleigh's law, with γ the angle from the sun.
 */
import type { Stream } from '../../tensor/random.js';
import { patches } from './grain.js';
import { between, type Colour } from './materials.js';
import type { Vector } from './vectors.js';

export const times = ['day', 'dusk', 'night'] as const;
export type TimeOfDay = (typeof times)[number];

export interface Weather {
  readonly time: TimeOfDay;
  /** To the sun; at night there is none */
  readonly sun?: Vector;
  /** What falls on a surface that faces the sun */
  readonly sunlight: Colour;
  /** What falls from the whole sky on level ground */
  readonly skylight: Colour;
  readonly zenith: Colour;
  readonly horizon: Colour;
  /** The share of the sky that clouds cover */
  readonly clouds: number;
  /** Which clouds there are */
  readonly cloudField: number;
  /** °C */
  readonly air: number;
  /** Whether the road is wet */
  readonly isWet: boolean;
  /** Whether lamps are lit */
  readonly isDark: boolean;
}

/** How often it is which time */
const shares: Readonly<Record<TimeOfDay, number>> = { day: 0.42, dusk: 0.23, night: 0.35 };

export function drawWeather(random: Stream): Weather {
  const share = random.uniform();
  const time: TimeOfDay =
    share < shares.day ? 'day' : share < shares.day + shares.dusk ? 'dusk' : 'night';
  const clouds = random.uniform() < 0.35 ? random.uniform(0.7, 1) : random.uniform(0, 0.5);
  const isWet = random.uniform() < 0.25;
  const azimuth = random.uniform(-Math.PI, Math.PI);
  const elevation = time === 'day' ? random.uniform(0.4, 1.1) : random.uniform(0.08, 0.22);
  const sun: Vector = [
    Math.sin(azimuth) * Math.cos(elevation),
    Math.sin(elevation),
    Math.cos(azimuth) * Math.cos(elevation),
  ];
  const common = { clouds, isWet, cloudField: random.integer(1 << 20) };
  // Behind closed clouds there is little sun, and the sky gives more.
  const clear = clouds > 0.65 ? 0.15 : 1;
  switch (time) {
    case 'day':
      return {
        ...common,
        time,
        sun,
        sunlight: scaled(between(random, [0.8, 0.76, 0.68], [1, 0.96, 0.9]), clear),
        skylight: scaled([0.32, 0.36, 0.42], clear < 1 ? 1.5 : 1),
        zenith: between(random, [0.12, 0.22, 0.45], [0.25, 0.38, 0.6]),
        horizon: between(random, [0.5, 0.55, 0.6], [0.7, 0.74, 0.8]),
        air: random.uniform(2, 32),
        isDark: false,
      };
    case 'dusk':
      return {
        ...common,
        time,
        sun,
        sunlight: scaled(between(random, [0.3, 0.14, 0.05], [0.42, 0.22, 0.1]), clear),
        skylight: [0.1, 0.09, 0.1],
        zenith: between(random, [0.04, 0.05, 0.1], [0.09, 0.1, 0.17]),
        horizon: between(random, [0.22, 0.12, 0.08], [0.4, 0.2, 0.12]),
        air: random.uniform(0, 25),
        isDark: random.uniform() < 0.5,
      };
    case 'night':
      return {
        ...common,
        time,
        sunlight: [0, 0, 0],
        skylight: [0.006, 0.007, 0.009],
        zenith: [0.003, 0.004, 0.007],
        horizon: between(random, [0.006, 0.007, 0.009], [0.02, 0.018, 0.016]),
        air: random.uniform(-5, 20),
        isDark: true,
      };
  }
}

const scaled = ([red, green, blue]: Colour, by: number): Colour => [
  red * by,
  green * by,
  blue * by,
];

/** How much cloud lies in a direction, from 0 to 1. */
export function cloudAt(weather: Weather, x: number, y: number, z: number): number {
  if (weather.clouds === 0) return 0;
  const scale = 1.5 / (y + 0.15);
  const of = weather.cloudField;
  const height =
    (2 * patches(x * scale, z * scale, of) + patches(2.7 * x * scale, 2.7 * z * scale, of + 1)) / 3;
  return Math.min(1, Math.max(0, (height - (1 - weather.clouds)) / 0.25));
}

/**
 * The sky's light from a direction, a unit vector with y ≥ 0.
 *
 * @param colour receives red, green, blue
 */
export function skyLight(
  weather: Weather,
  x: number,
  y: number,
  z: number,
  colour: Float64Array,
): void {
  const up = Math.sqrt(y);
  const cloud = 0.8 * cloudAt(weather, x, y, z);
  for (let index = 0; index < 3; index++) {
    const clear = weather.horizon[index]! + up * (weather.zenith[index]! - weather.horizon[index]!);
    // Clouds scatter what falls on them.
    const grey = 1.3 * weather.skylight[index]! + 0.25 * weather.sunlight[index]!;
    colour[index] = clear + cloud * (grey - clear);
  }
}

/** The temperature of the sky in a direction, °C, as a thermal camera sees it. */
export function skyTemperature(weather: Weather, x: number, y: number, z: number): number {
  const clear = 32 * Math.sqrt(y) + 2;
  return weather.air - clear * (1 - 0.85 * cloudAt(weather, x, y, z));
}
