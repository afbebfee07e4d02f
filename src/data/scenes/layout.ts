/** Draws a scene: the weather, the ground, and four to a dozen things that stand on it without touching. */
import type { Stream } from '../../tensor/random.js';
import { Camera } from './camera.js';
import { drawGround, type Ground } from './ground.js';
import { oneOf } from './materials.js';
import { addCar, addHouse, addPerson, addPole, addTree } from './objects.js';
import { SceneParts, type Scene } from './scene.js';
import { Place } from './vectors.js';
import { drawWeather } from './weather.js';

/** How often a place is looked for before a thing is left out */
const attempts = 25;

/** The ground that things take, as circles. */
class Occupied {
  private readonly circles: { x: number; z: number; radius: number }[] = [
    { x: 0, z: 0, radius: 2.5 },
  ];

  take(place: Place, radius: number): boolean {
    const isFree = this.circles.every(
      (circle) => Math.hypot(circle.x - place.x, circle.z - place.z) > circle.radius + radius + 0.2,
    );
    if (isFree) this.circles.push({ x: place.x, z: place.z, radius });
    return isFree;
  }
}

export interface PictureShape {
  readonly height: number;
  readonly width: number;
}

/** A scene before a camera that takes pictures of that shape. */
export function drawScene(random: Stream, { height, width }: PictureShape): Scene {
  const weather = drawWeather(random);
  const camera = new Camera(random.uniform(1.4, 2.4), random.uniform(0.06, 0.2), height, width);
  const scene = new SceneParts(weather);
  const ground = drawGround(scene, random);
  const occupied = new Occupied();
  const reach = (0.95 * width) / 2 / camera.focalLength;

  /** A free place before the camera that is as wanted. */
  const find = (
    draw: () => Place,
    radius: number,
    [nearest, farthest]: readonly [number, number],
    isWanted: (place: Place) => boolean = () => true,
  ): Place | undefined => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const place = draw();
      const { x, z } = place;
      if (z - radius < nearest || z > farthest || Math.abs(x) - radius > reach * z) continue;
      if (isWanted(place) && occupied.take(place, radius)) return place;
    }
    return undefined;
  };
  /** Within the view, at a depth of which the near ones are likelier. */
  const inView = (nearest: number, farthest: number, angle = random.uniform(-Math.PI, Math.PI)) => {
    const z = nearest * (farthest / nearest) ** random.uniform();
    return new Place(random.uniform(-reach, reach) * z, z, angle);
  };

  for (let count = 2 + random.integer(4); count > 0; count--) {
    const plan = { depth: random.uniform(5, 9), width: random.uniform(6, 13) };
    const radius = Math.hypot(plan.depth, plan.width) / 2;
    const place = find(
      () => besideRoad(ground, random, plan.depth),
      radius,
      [5, 55],
      ({ x, z }) => isOffRoad(ground, x, z, 0),
    );
    if (place) addHouse(scene, random, place, plan);
  }
  for (let count = 1 + random.integer(3); count > 0; count--) {
    const place = find(() => onRoad(ground, random), 1.9, [5, 26]);
    if (place) addCar(scene, random, place);
  }
  for (let count = 1 + random.integer(4); count > 0; count--) {
    const place = find(
      () => inView(3.2, 12),
      0.45,
      [3, 12],
      ({ x, z }) => isDry(scene, ground, x, z),
    );
    if (place) addPerson(scene, random, place);
  }
  for (let count = 1 + random.integer(4); count > 0; count--) {
    const place = find(() => atKerb(ground, random), 0.4, [3.5, 18]);
    if (place) addPole(scene, random, place);
  }
  for (let count = 1 + random.integer(5); count > 0; count--) {
    const place = find(
      () => inView(5, 35),
      1.4,
      [3.5, 40],
      ({ x, z }) => isOffRoad(ground, x, z, 1) && isDry(scene, ground, x, z),
    );
    if (place) addTree(scene, random, place);
  }
  return {
    weather,
    camera,
    surfaces: scene.surfaces,
    parts: scene.parts,
    ground: ground.at,
    lamps: scene.lamps,
    headlights: weather.isDark && random.uniform() < 0.5 ? random.uniform(1, 5) : 0,
  };
}

const isDry = (scene: SceneParts, ground: Ground, x: number, z: number) =>
  scene.surfaces[ground.at(x, z).index]!.material.gloss < 1;

function isOffRoad({ road, halfRoad }: Ground, x: number, z: number, by: number): boolean {
  return Math.abs(road.across(x, z)) > halfRoad + by;
}

/** Behind the pavement, with the front to the road. */
function besideRoad({ road, halfRoad, pavements }: Ground, random: Stream, depth: number): Place {
  const side = oneOf(random, [-1, 1]);
  const pavement = Math.min(4, side < 0 ? pavements[0] : pavements[1]);
  const across = side * (halfRoad + pavement + depth / 2 + random.uniform(0.2, 8));
  return road.beside(random.uniform(-30, 55), across, (side * Math.PI) / 2);
}

/** In one of both lanes, in its direction. */
function onRoad({ road, halfRoad }: Ground, random: Stream): Place {
  const side = oneOf(random, [-1, 1]);
  const across = side * halfRoad * random.uniform(0.45, 0.6);
  return road.beside(random.uniform(-15, 25), across, side < 0 ? Math.PI : 0);
}

/** Where the road ends, turned to it. */
function atKerb({ road, halfRoad }: Ground, random: Stream): Place {
  const side = oneOf(random, [-1, 1]);
  const across = side * (halfRoad + random.uniform(0.3, 1.2));
  return road.beside(random.uniform(-12, 16), across, (-side * Math.PI) / 2);
}
