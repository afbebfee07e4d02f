/** What a scene consists of, before anybody looks at it. */
import type { Camera } from './camera.js';
import { sceneClasses, type SceneClass } from './classes.js';
import { material, type Material } from './materials.js';
import type { Solid } from './solids.js';
import type { Vector } from './vectors.js';
import type { Weather } from './weather.js';

/** A material that belongs to a class. */
export interface Surface {
  /** Its place among the scene's surfaces; 0 is the sky */
  readonly index: number;
  /** Its class, an index into `sceneClasses` */
  readonly label: number;
  readonly material: Material;
}

/** Which surface is at a point, where the outward normal is known. */
export type Covering = (x: number, y: number, z: number, normal: Vector) => Surface;

export interface Part {
  readonly solid: Solid;
  readonly covering: Covering;
}

/** A light in a point that shines everywhere. */
export interface Lamp {
  readonly at: Vector;
  /** What falls on a surface that faces it in one metre */
  readonly strength: number;
}

export interface Scene {
  readonly weather: Weather;
  readonly camera: Camera;
  readonly surfaces: readonly Surface[];
  readonly parts: readonly Part[];
  /** Which surface the ground, y = 0, has at a place */
  readonly ground: (x: number, z: number) => Surface;
  readonly lamps: readonly Lamp[];
  /** What the headlights under the camera throw on a surface that faces them in one metre; 0 where there are none */
  readonly headlights: number;
}

/** Collects what a scene consists of. */
export class SceneParts {
  readonly surfaces: Surface[] = [];
  readonly parts: Part[] = [];
  readonly lamps: Lamp[] = [];

  constructor(readonly weather: Weather) {
    this.surface('sky', {});
  }

  surface(name: SceneClass, own: Partial<Material>): Surface {
    const surface = {
      index: this.surfaces.length,
      label: sceneClasses.indexOf(name),
      material: material(own),
    };
    this.surfaces.push(surface);
    return surface;
  }

  /** A solid in one surface, or in those that a covering says. */
  add(solid: Solid, covering: Surface | Covering): void {
    const everywhere = typeof covering === 'function' ? covering : () => covering;
    this.parts.push({ solid, covering: everywhere });
  }
}
