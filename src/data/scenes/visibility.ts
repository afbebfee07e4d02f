/**
 * What is seen where: a picture of surfaces. Every solid is tried in the pixels that it may cover, and each pixel
 * keeps the nearest (a z-buffer); where none is in the way there is the ground, and above the horizon the sky.
 */
import type { Scene } from './scene.js';

export interface Visible {
  readonly height: number;
  readonly width: number;
  /** The index of the surface; 0 where there is sky */
  readonly surface: Uint16Array;
  /** In metres along the camera's axis; Infinity where there is sky */
  readonly depth: Float32Array;
  /** Outward unit normals, three numbers each; zeros where there is sky */
  readonly normal: Float32Array;
  /** Points in the world, three numbers each; where there is sky, the unit vector to it */
  readonly point: Float32Array;
}

/**
 * Looks at a scene.
 *
 * @param finer how many samples a pixel has in each direction
 */
export function look(scene: Scene, finer: number): Visible {
  const camera = scene.camera.finer(finer);
  const { height, width, altitude, focalLength, forward, up } = camera;
  const depth = new Float64Array(height * width).fill(Infinity);
  const nearest = new Int16Array(height * width).fill(-1);
  const slopeOf = (row: number) => (height / 2 - row - 0.5) / focalLength;
  const rightOf = (column: number) => (column + 0.5 - width / 2) / focalLength;

  scene.parts.forEach(({ solid }, part) => {
    const { left, right, top, bottom } = camera.windowOf(solid.corners);
    for (let row = top; row < bottom; row++) {
      const slope = slopeOf(row);
      const dy = forward[1] + slope * up[1];
      const dz = forward[2] + slope * up[2];
      for (let column = left; column < right; column++) {
        const t = solid.entry(0, altitude, 0, rightOf(column), dy, dz);
        const at = row * width + column;
        if (t < depth[at]!) {
          depth[at] = t;
          nearest[at] = part;
        }
      }
    }
  });

  const surface = new Uint16Array(height * width);
  const normal = new Float32Array(3 * height * width);
  const point = new Float32Array(3 * height * width);
  for (let row = 0; row < height; row++) {
    const slope = slopeOf(row);
    const dy = forward[1] + slope * up[1];
    const dz = forward[2] + slope * up[2];
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      const dx = rightOf(column);
      const part = nearest[at]!;
      const toGround = dy < 0 ? altitude / -dy : Infinity;
      if (toGround < depth[at]!) {
        depth[at] = toGround;
        nearest[at] = -1;
      }
      const t = depth[at]!;
      if (t === Infinity) {
        const length = Math.hypot(dx, dy, dz);
        point[3 * at] = dx / length;
        point[3 * at + 1] = dy / length;
        point[3 * at + 2] = dz / length;
        continue;
      }
      const x = t * dx;
      const y = altitude + t * dy;
      const z = t * dz;
      point[3 * at] = x;
      point[3 * at + 1] = y;
      point[3 * at + 2] = z;
      if (toGround <= t || part < 0) {
        surface[at] = scene.ground(x, z).index;
        normal[3 * at + 1] = 1;
        continue;
      }
      const { solid, covering } = scene.parts[part]!;
      const own = solid.normal(x, y, z);
      surface[at] = covering(x, y, z, own).index;
      normal[3 * at] = own[0];
      normal[3 * at + 1] = own[1];
      normal[3 * at + 2] = own[2];
    }
  }
  return { height, width, surface, depth: Float32Array.from(depth), normal, point };
}
