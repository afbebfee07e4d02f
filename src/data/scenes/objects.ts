/** Houses, trees, people, cars and poles, each put together from a few solids with materials of its own. */
import type { Stream } from '../../tensor/random.js';
import { hash } from './grain.js';
import { anyColour, drawColour, oneOf, type Colour, type Material } from './materials.js';
import type { SceneParts } from './scene.js';
import { Ellipsoid, Frustum, Prism, type Corner } from './solids.js';
import type { Place } from './vectors.js';

/** A rectangle as a profile. */
const rectangle = (from: number, to: number, bottom: number, top: number): Corner[] => [
  [from, bottom],
  [to, bottom],
  [to, top],
  [from, top],
];

/** A disc as a profile of eight corners. */
const octagon = (along: number, up: number, radius: number): Corner[] =>
  Array.from({ length: 8 }, (_, corner) => {
    const angle = (corner * Math.PI) / 4 + Math.PI / 8;
    return [along + radius * Math.cos(angle), up + radius * Math.sin(angle)];
  });

const glass: Partial<Material> = {
  albedo: [0.015, 0.018, 0.02],
  contrast: 0,
  gloss: 1,
  refraction: 1.52,
  emissivity: 0.86,
  heating: 3,
};

/** How large the ground plan of a house is. */
export interface Plan {
  readonly depth: number;
  readonly width: number;
}

/** A house with windows, a door and a roof, as deep along and as wide across as the plan says. */
export function addHouse(scene: SceneParts, random: Stream, place: Place, plan: Plan): void {
  const { weather } = scene;
  const halfDepth = plan.depth / 2;
  const halfWidth = plan.width / 2;
  const isTall = random.uniform() < 0.35;
  const floors = isTall ? 3 + random.integer(4) : 1 + random.integer(2);
  const storey = random.uniform(2.7, 3.3);
  const height = floors * storey + 0.3;
  const stored = { day: 1, dusk: 5, night: 3 }[weather.time] * random.uniform(0.3, 1.3);
  const wall = scene.surface('building', {
    albedo: drawColour(random, oneOf(random, ['brick', 'plaster', 'plaster', 'concrete'])),
    contrast: random.uniform(0.05, 0.3),
    grain: 0.35,
    heating: random.uniform(8, 16),
    warmth: stored,
  });
  const door = scene.surface('building', {
    albedo: anyColour(random),
    warmth: stored + (weather.time === 'day' ? 0 : 1.5),
  });
  const pane = scene.surface('window', {
    ...glass,
    warmth: Math.max(0, 0.2 * (19 - weather.air)) - 1,
  });
  const bright = weather.isDark ? random.uniform(0.15, 0.5) : 0;
  const lit = scene.surface('window', {
    ...pane.material,
    glow: [bright, 0.75 * bright, 0.42 * bright],
  });
  const litShare = weather.isDark ? random.uniform(0, 0.45) : 0;

  // Windows stand in columns and rows, or fill nearly the whole front.
  const isGlazed = isTall && random.uniform() < 0.5;
  const spacing = random.uniform(1.8, 3);
  const [wide, tall] = isGlazed ? [0.86, 0.78] : [random.uniform(0.4, 0.6), 0.5];
  const doorAt = Math.floor(random.uniform(-halfWidth / spacing, halfWidth / spacing));
  const seed = random.integer(1 << 20);
  scene.add(
    new Prism(place, rectangle(-halfDepth, halfDepth, 0, height), halfWidth),
    (x, y, z, [nx, ny, nz]) => {
      if (ny > 0.5) return wall;
      const isFront = Math.abs(place.along(place.x + nx, place.z + nz)) > 0.5;
      const sideways = isFront ? place.across(x, z) : place.along(x, z);
      const reach = isFront ? halfWidth : halfDepth;
      if (reach - Math.abs(sideways) < 0.35) return wall;
      const column = Math.floor(sideways / spacing);
      const floor = Math.floor(y / storey);
      if (floor >= floors) return wall;
      const left = Math.abs(sideways / spacing - column - 0.5);
      const rise = y / storey - floor;
      if (isFront && column === doorAt && floor === 0 && left < 0.25 && rise < 0.72) return door;
      if (left > wide / 2 || Math.abs(rise - 0.55) > tall / 2) return wall;
      return hash(column + (isFront ? 0 : 50), floor, seed) < litShare ? lit : pane;
    },
  );
  if (isTall) return;
  const roof = scene.surface('building', {
    albedo: drawColour(random, 'tiles'),
    contrast: 0.3,
    grain: 0.3,
    heating: random.uniform(14, 22),
    // A roof looks at the cold sky.
    warmth: weather.time === 'night' ? -2 : stored,
  });
  const eaves = halfDepth + 0.35;
  const gable: Corner[] = [
    [-eaves, height],
    [eaves, height],
    [0, height + random.uniform(0.35, 0.8) * halfDepth],
  ];
  scene.add(new Prism(place, gable, halfWidth + 0.25), roof);
}

/** A broad tree, a conifer or a bush. */
export function addTree(scene: SceneParts, random: Stream, place: Place): void {
  const { weather } = scene;
  const kind = oneOf(random, ['broad', 'broad', 'conifer', 'bush'] as const);
  const leaves = scene.surface('tree', {
    albedo: drawColour(random, kind !== 'conifer' && random.uniform() < 0.3 ? 'autumn' : 'leaves'),
    contrast: 0.6,
    grain: 0.22,
    gloss: 0.06,
    heating: 3,
    // Leaves are as warm as the air.
    warmth: weather.time === 'day' ? 0 : -0.5,
    relief: 0.5,
  });
  const bark = scene.surface('tree', {
    albedo: drawColour(random, 'bark'),
    contrast: 0.4,
    grain: 0.12,
    heating: 7,
    warmth: 0.5,
    relief: 0.03,
  });
  const ball = (along: number, up: number, across: number, radius: number, flat = 1) => {
    scene.add(
      new Ellipsoid(place.point(along, up, across), [radius, radius * flat, radius]),
      leaves,
    );
  };
  const foot = place.point(0, 0, 0);
  if (kind === 'bush') {
    const radius = random.uniform(0.6, 1.2);
    ball(0, 0.7 * radius, 0, radius, 0.9);
    ball(0.2, 0.6 * radius, 0.9 * radius, 0.8 * radius, 0.9);
    return;
  }
  const height = random.uniform(4.5, 9);
  const thick = random.uniform(0.12, 0.25);
  scene.add(new Frustum(foot, 1.3 * thick, thick, 0.5 * height), bark);
  if (kind === 'conifer') {
    const cone = (from: number, to: number, radius: number) => {
      const base = place.point(0, from * height, 0);
      scene.add(new Frustum(base, radius, 0, (to - from) * height), leaves);
    };
    const radius = height * random.uniform(0.2, 0.28);
    cone(0.15, 0.7, radius);
    cone(0.4, 0.87, 0.75 * radius);
    cone(0.65, 1, 0.5 * radius);
    return;
  }
  const radius = height * random.uniform(0.2, 0.28);
  ball(0, 0.62 * height, 0, radius);
  ball(0.3 * radius, 0.55 * height, 0.75 * radius, 0.75 * radius);
  ball(-0.2 * radius, 0.55 * height, -0.75 * radius, 0.8 * radius);
  ball(0, 0.82 * height, 0.1 * radius, 0.75 * radius);
}

/** Somebody who stands or walks along. */
export function addPerson(scene: SceneParts, random: Stream, place: Place): void {
  const { air } = scene.weather;
  const height = random.uniform(1.45, 1.9);
  const body = (albedo: Colour, temperature: number) =>
    scene.surface('person', {
      albedo,
      contrast: 0.1,
      grain: 0.1,
      gloss: 0.03,
      emissivity: 0.97,
      heating: 4,
      warmth: temperature - air,
    });
  // Clothes are between skin and air, and there are more of them in the cold.
  const dressed = () => air + random.uniform(0.5, 0.85) * (33 - air);
  const skin = body(drawColour(random, 'skin'), random.uniform(31, 35));
  const top = body(anyColour(random), dressed());
  const trousers = body(anyColour(random), dressed());
  const stride = random.uniform(0.02, 0.16);
  const limb = (side: number, forward: number, from: number, to: number, radius: number) =>
    new Frustum(
      place.point(forward, from * height, side * height),
      radius * height,
      1.25 * radius * height,
      (to - from) * height,
    );
  for (const side of [-1, 1]) {
    scene.add(limb(0.055 * side, side * stride, 0, 0.5, 0.042), trousers);
    scene.add(limb(0.145 * side, -side * stride, 0.44, 0.82, 0.027), top);
    const hand = place.point(-side * stride, 0.42 * height, 0.145 * side * height);
    scene.add(new Ellipsoid(hand, [0.05, 0.08, 0.05]), skin);
  }
  scene.add(
    new Ellipsoid(place.point(0, 0.655 * height, 0), [0.12 * height, 0.2 * height, 0.12 * height]),
    top,
  );
  scene.add(new Ellipsoid(place.point(0, 0.93 * height, 0), [0.1, 0.13, 0.1]), skin);
}

/** A car or a van; its engine may be warm, and so may its wheels. */
export function addCar(scene: SceneParts, random: Stream, place: Place): void {
  const { weather } = scene;
  const isVan = random.uniform() < 0.25;
  const isWarm = random.uniform() < 0.65;
  const colour = anyColour(random);
  // Paint mirrors the cold sky and has its own temperature only in part; at night sheet metal is colder than the air.
  const coldness = { day: 0, dusk: -2, night: -4 }[weather.time];
  const body: Partial<Material> = {
    albedo: colour,
    contrast: 0,
    gloss: 0.85,
    refraction: 1.5,
    emissivity: 0.85,
    heating: colour[1] < 0.15 ? 24 : 12,
    warmth: coldness,
  };
  const paint = scene.surface('car', body);
  const bonnet = scene.surface('car', {
    ...body,
    warmth: isWarm ? random.uniform(12, 26) : coldness,
  });
  const cabin = scene.surface('car', { ...glass, warmth: isWarm ? 3 : coldness });
  const rubber = scene.surface('car', {
    albedo: [0.03, 0.03, 0.03],
    contrast: 0.1,
    heating: 10,
    warmth: isWarm ? random.uniform(5, 14) : 0,
  });
  const shine = weather.isDark && isWarm ? 1 : 0;
  const front = scene.surface('car', {
    albedo: [0.5, 0.5, 0.5],
    glow: [shine, shine, 0.8 * shine],
  });
  const rear = scene.surface('car', { albedo: [0.3, 0.02, 0.02], glow: [0.5 * shine, 0, 0] });

  const hood = isVan ? 1.75 : 0.95;
  const roofline = isVan ? random.uniform(1.8, 2.2) : random.uniform(1.38, 1.6);
  const halfWidth = 0.88;
  const outline: Corner[] = [
    [-2.1, 0.3],
    [2.1, 0.3],
    [2.15, 0.65],
    [2, 0.85],
    [hood, 0.95],
    [-2.05, 0.95],
    [-2.15, 0.7],
  ];
  scene.add(new Prism(place, outline, halfWidth), (x, y, z) => {
    const along = place.along(x, z);
    const isLamp = y > 0.58 && y < 0.8 && Math.abs(place.across(x, z)) > 0.5;
    if (isLamp && along > 2.02) return front;
    if (isLamp && along < -2.02) return rear;
    return along > hood ? bonnet : paint;
  });
  const back = isVan ? -2.1 : -1.75;
  const upper: Corner[] = [
    [back, 0.9],
    [hood, 0.9],
    [hood - (isVan ? 0.5 : 0.75), roofline],
    [isVan ? back : back + 0.5, roofline],
  ];
  scene.add(new Prism(place, upper, halfWidth - 0.1), (x, y, z, [nx, ny, nz]) => {
    if (y > roofline - 0.12 || y < 1 || ny > 0.9) return paint;
    const along = place.along(x, z);
    const isSide = Math.abs(place.across(place.x + nx, place.z + nz)) > 0.7;
    const isPillar = Math.abs(along + 0.35) < 0.07 || (isVan && along < 0.4);
    return isSide && isPillar ? paint : cabin;
  });
  for (const along of [-1.3, 1.35]) {
    for (const side of [-1, 1]) {
      const wheel = octagon(along, 0.33, 0.34);
      scene.add(new Prism(place, wheel, 0.1, side * (halfWidth - 0.08)), rubber);
    }
  }
}

/** A street lamp, a sign or a traffic light. */
export function addPole(scene: SceneParts, random: Stream, place: Place): void {
  const { weather } = scene;
  const kind = oneOf(random, ['lamp', 'sign', 'light', 'sign'] as const);
  const steel = scene.surface('pole', {
    albedo: drawColour(random, 'steel'),
    contrast: 0.05,
    gloss: 0.3,
    emissivity: 0.8,
    heating: 9,
    warmth: weather.time === 'night' ? -2 : 0,
  });
  const height = kind === 'lamp' ? random.uniform(4.5, 6.5) : random.uniform(2.6, 3.4);
  const thick = random.uniform(0.08, 0.13);
  scene.add(new Frustum(place.point(0, 0, 0), 1.2 * thick, thick, height), steel);
  if (kind === 'lamp') {
    const glow: Colour = weather.isDark ? [2, 1.7, 1.1] : [0, 0, 0];
    const head = scene.surface('pole', { albedo: [0.5, 0.5, 0.45], glow });
    const reach = random.uniform(0.6, 1.2);
    scene.add(new Prism(place, rectangle(0, reach, height - 0.12, height), 0.07), steel);
    scene.add(
      new Prism(place, rectangle(reach - 0.3, reach + 0.3, height - 0.25, height - 0.05), 0.16),
      head,
    );
    if (weather.isDark) {
      const strength = random.uniform(1.5, 4);
      scene.lamps.push({ at: place.point(reach, height - 0.4, 0), strength });
    }
    return;
  }
  if (kind === 'sign') {
    const isRound = random.uniform() < 0.6;
    const radius = random.uniform(0.35, 0.55);
    const middle = height - radius;
    const board = scene.surface('pole', {
      albedo: anyColour(random),
      contrast: 0,
      gloss: 0.25,
      emissivity: 0.85,
      heating: 8,
      warmth: steel.material.warmth,
    });
    const profile = isRound
      ? octagon(0, middle, radius)
      : rectangle(-1.2 * radius, 1.2 * radius, middle - 0.8 * radius, middle + 0.8 * radius);
    scene.add(new Prism(place, profile, 0.03, 0.14), board);
    return;
  }
  const box = scene.surface('pole', { albedo: [0.04, 0.05, 0.04], heating: 16 });
  const colour = oneOf<Colour>(random, [
    [1.2, 0.05, 0.03],
    [0.05, 0.9, 0.25],
    [1.1, 0.6, 0.05],
  ]);
  const lens = scene.surface('pole', { albedo: [0.2, 0.2, 0.2], glow: colour, warmth: 4 });
  const bottom = height - 0.95;
  const lit = bottom + random.integer(3) * 0.3 + 0.02;
  scene.add(
    new Prism(place, rectangle(-0.2, 0.2, bottom, height), 0.18, 0.16),
    (_x, y, _z, [nx, , nz]) => {
      const isFront = place.across(place.x + nx, place.z + nz) > 0.7;
      return isFront && y > lit && y < lit + 0.28 ? lens : box;
    },
  );
}
