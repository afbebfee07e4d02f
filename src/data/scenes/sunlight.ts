/** Where the sun shines: n · l of each fragment, 0 where something stands between it and the sun. */
import type { Fragments } from './fragments.js';
import type { Scene } from './scene.js';
import type { Vector } from './vectors.js';

/** How far a shadow ray starts from its surface, in metres */
const offset = 2e-3;

/** max(0, n · l) · [nothing in the way], from 0 to 1; zeros in the sky and at night. */
export function sunlit(scene: Scene, { surface, normal, point }: Fragments): Float32Array {
  const lit = new Float32Array(surface.length);
  const { sun } = scene.weather;
  if (!sun) return lit;
  const [lx, ly, lz] = sun;
  const balls = Float64Array.from(
    scene.parts.flatMap(({ solid }) => [...solid.centre, solid.radius]),
  );
  surface.forEach((index, at) => {
    if (index === 0) return;
    const nx = normal[3 * at]!;
    const ny = normal[3 * at + 1]!;
    const nz = normal[3 * at + 2]!;
    const facing = nx * lx + ny * ly + nz * lz;
    if (facing <= 0) return;
    const x = point[3 * at]! + offset * nx;
    const y = point[3 * at + 1]! + offset * ny;
    const z = point[3 * at + 2]! + offset * nz;
    if (!isShadowed(scene, balls, x, y, z, sun)) lit[at] = facing;
  });
  return lit;
}

/** @param balls the centre and the radius of each part's ball */
function isShadowed(
  { parts }: Scene,
  balls: Float64Array,
  x: number,
  y: number,
  z: number,
  [lx, ly, lz]: Vector,
): boolean {
  for (let part = 0; part < parts.length; part++) {
    const cx = balls[4 * part]! - x;
    const cy = balls[4 * part + 1]! - y;
    const cz = balls[4 * part + 2]! - z;
    const radius = balls[4 * part + 3]!;
    const ahead = cx * lx + cy * ly + cz * lz;
    const aside = cx * cx + cy * cy + cz * cz - ahead * ahead;
    // Only a solid whose ball the ray meets can be in the way.
    if (ahead < -radius || aside > radius * radius) continue;
    if (parts[part]!.solid.entry(x, y, z, lx, ly, lz) < Infinity) return true;
  }
  return false;
}
