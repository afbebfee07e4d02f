/**
 * The ground: a road with markings, perhaps a crosswalk and puddles, pavements at its sides, grass behind them,
 * and in it a canal along the road or ponds. All of it is level, so a depth sensor sees no difference.
 */
import type { Stream } from '../../tensor/random.js';
import { patches } from './grain.js';
import { drawColour, oneOf } from './materials.js';
import type { SceneParts, Surface } from './scene.js';
import { Place } from './vectors.js';

/** Where everything on the ground is, in metres along and across from the middle of the road. */
export interface Ground {
  readonly road: Place;
  readonly halfRoad: number;
  /** How wide the pavements are on the left and on the right */
  readonly pavements: readonly [number, number];
  readonly crosswalk?: { readonly from: number; readonly to: number };
  readonly at: (x: number, z: number) => Surface;
}

/** Draws the ground before the camera. */
export function drawGround(scene: SceneParts, random: Stream): Ground {
  const { weather } = scene;
  const isCrossing = random.uniform() < 0.25;
  const road = isCrossing
    ? new Place(0, random.uniform(6, 12), Math.PI / 2 + random.uniform(-0.4, 0.4))
    : new Place(random.uniform(-3, 3), 3, random.uniform(-0.45, 0.45));
  const halfRoad = random.uniform(2.8, 4.5);
  const width = () => (random.uniform() < 0.85 ? random.uniform(1.5, 3.5) : 0);
  const isSquare = random.uniform() < 0.15;
  const pavements: [number, number] = isSquare ? [60, width()] : [width(), width()];
  if (random.uniform() < 0.5) pavements.reverse();

  // Stone and asphalt keep the warmth of the day; grass loses it fast.
  const stored = { day: 2, dusk: 8, night: 4 }[weather.time] * random.uniform(0.5, 1.2);
  const asphalt = scene.surface('road', {
    albedo: drawColour(random, 'asphalt'),
    contrast: 0.2,
    grain: 0.15,
    gloss: weather.isWet ? 0.45 : 0.12,
    heating: random.uniform(12, 22),
    warmth: stored,
  });
  const markings = scene.surface('marking', {
    albedo: drawColour(random, 'paint'),
    contrast: 0.25,
    grain: 0.2,
    gloss: weather.isWet ? 0.35 : 0.15,
    heating: 8,
    warmth: stored - 1,
  });
  const paving = scene.surface('pavement', {
    albedo: drawColour(random, 'paving'),
    contrast: 0.3,
    grain: 0.5,
    gloss: weather.isWet ? 0.3 : 0.08,
    heating: random.uniform(9, 16),
    warmth: 0.8 * stored,
  });
  const grass = scene.surface('grass', {
    albedo: drawColour(random, random.uniform() < 0.75 ? 'grass' : 'dryGrass'),
    contrast: 0.45,
    grain: 0.2,
    gloss: 0.02,
    heating: random.uniform(3, 8),
    warmth: weather.time === 'day' ? -1 : -4,
    relief: 0.06,
  });
  // Water follows the air of many days, not of the hour.
  const water = scene.surface('water', {
    albedo: [0.02, 0.03, 0.03],
    contrast: 0.3,
    grain: 0.4,
    gloss: 1,
    refraction: 1.33,
    emissivity: 0.96,
    heating: 2,
    warmth: 0.6 * (13 - weather.air),
  });

  const crosswalkFrom = isCrossing ? random.uniform(-6, 3) : random.uniform(2, 9);
  const crosswalk =
    random.uniform() < 0.65
      ? { from: crosswalkFrom, to: crosswalkFrom + random.uniform(2.5, 4) }
      : undefined;
  const edgeWidth = random.uniform(0.15, 0.35);
  const hasEdges = random.uniform() < 0.7;
  const side = oneOf(random, [-1, 1]);
  const beyond = halfRoad + (side < 0 ? pavements[0] : pavements[1]);
  const canalFrom = beyond + random.uniform(0.3, 3);
  const canalTo = canalFrom + random.uniform(3, 12);
  const hasCanal = !isSquare && random.uniform() < 0.4;
  const ponds = Array.from({ length: random.integer(3) }, () => ({
    along: random.uniform(2, 20),
    across: oneOf(random, [-1, 1]) * random.uniform(6, 14),
    long: random.uniform(2.5, 6),
    wide: random.uniform(2, 5),
  }));
  const puddles = weather.isWet ? random.uniform(0.66, 0.78) : 1;
  const field = random.integer(1 << 20);

  const isMarked = (along: number, across: number) => {
    if (crosswalk && along > crosswalk.from && along < crosswalk.to) {
      return Math.abs(across) < halfRoad - 0.3 && ((across % 1) + 1) % 1 < 0.5;
    }
    const inDash = ((along % 5) + 5) % 5 < 2.5;
    const toEdge = halfRoad - 0.25 - Math.abs(across);
    return (inDash && Math.abs(across) < 0.15) || (hasEdges && toEdge > 0 && toEdge < edgeWidth);
  };
  const isPond = (along: number, across: number) =>
    ponds.some((pond) => {
      const [long, wide] = [(along - pond.along) / pond.long, (across - pond.across) / pond.wide];
      return long * long + wide * wide < 0.6 + 0.6 * patches(2 * long, 2 * wide, field);
    });

  const at = (x: number, z: number): Surface => {
    const along = road.along(x, z);
    const across = road.across(x, z);
    const offRoad = Math.abs(across) - halfRoad;
    if (offRoad < 0) {
      if (puddles < 1 && patches(along / 2.5, across / 1.5, field) > puddles) return water;
      return isMarked(along, across) ? markings : asphalt;
    }
    if (offRoad < (across < 0 ? pavements[0] : pavements[1])) return paving;
    const onSide = across * side;
    const isWater = (hasCanal && onSide > canalFrom && onSide < canalTo) || isPond(along, across);
    return isWater ? water : grass;
  };
  return { road, halfRoad, pavements, ...(crosswalk && { crosswalk }), at };
}
