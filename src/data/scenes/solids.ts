/**
 * Convex solids and where rays enter them. Of a ray o + t d:
 *
 * - **Prism**: a convex profile, extruded. It is the cut of half spaces n·p ≤ c, so the ray is inside between the
 *   last half space that it enters and the first that it leaves.
 * - **Ellipsoid**: |(p − c) / r|² = 1, a quadratic in t.
 * - **Frustum**, upright: |p − axis| = r₀ + k (y − y₀), a quadratic in t, between two discs; cylinders and cones
 *   are frusta.
 */
import { dot, unit, type Place, type Vector } from './vectors.js';

export interface Solid {
  /** The t > 0 at which the ray enters, Infinity where it does not. */
  entry(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number;
  /** The outward unit normal at a point of the surface. */
  normal(x: number, y: number, z: number): Vector;
  /** Points of which the convex hull holds the solid */
  readonly corners: readonly Vector[];
  /** A ball that holds the solid */
  readonly centre: Vector;
  readonly radius: number;
}

/** A corner of a profile: metres along and up. */
export type Corner = readonly [along: number, up: number];

export class Prism implements Solid {
  readonly corners: readonly Vector[];
  readonly centre: Vector;
  readonly radius: number;
  /** n and c of each face, four numbers one after the other */
  private readonly faces: Float64Array;

  /**
   * @param profile convex, counter-clockwise where `along` points to the right and `up` up
   * @param halfWidth how far it reaches across on both sides
   * @param shift how far its middle lies across from the place
   */
  constructor(place: Place, profile: readonly Corner[], halfWidth: number, shift = 0) {
    const ends = [shift - halfWidth, shift + halfWidth];
    this.corners = ends.flatMap((across) =>
      profile.map(([along, up]) => place.point(along, up, across)),
    );
    const face = (normal: Vector, point: Vector) => [...normal, dot(normal, point)];
    const sides = profile.map(([along, up], index) => {
      const [nextAlong, nextUp] = profile[(index + 1) % profile.length]!;
      const normal = unit(place.direction(nextUp - up, along - nextAlong, 0));
      return face(normal, place.point(along, up, shift));
    });
    const [along, up] = profile[0]!;
    const caps = ends.map((across) =>
      face(place.direction(0, 0, Math.sign(across - shift)), place.point(along, up, across)),
    );
    this.faces = Float64Array.from([...sides, ...caps].flat());
    const sum = this.corners.reduce<Vector>(
      ([x, y, z], corner) => [x + corner[0], y + corner[1], z + corner[2]],
      [0, 0, 0],
    );
    const count = this.corners.length;
    this.centre = [sum[0] / count, sum[1] / count, sum[2] / count];
    const [x, y, z] = this.centre;
    this.radius = Math.max(
      ...this.corners.map((corner) => Math.hypot(corner[0] - x, corner[1] - y, corner[2] - z)),
    );
  }

  entry(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
    const { faces } = this;
    let enters = 0;
    let leaves = Infinity;
    for (let at = 0; at < faces.length; at += 4) {
      const nx = faces[at]!;
      const ny = faces[at + 1]!;
      const nz = faces[at + 2]!;
      const outside = nx * ox + ny * oy + nz * oz - faces[at + 3]!;
      const slope = nx * dx + ny * dy + nz * dz;
      if (slope < 0) enters = Math.max(enters, outside / -slope);
      else if (slope > 0) leaves = Math.min(leaves, -outside / slope);
      else if (outside > 0) return Infinity;
      if (enters > leaves) return Infinity;
    }
    return enters > 0 ? enters : Infinity;
  }

  normal(x: number, y: number, z: number): Vector {
    const { faces } = this;
    let best = 0;
    let nearest = -Infinity;
    for (let at = 0; at < faces.length; at += 4) {
      const outside = faces[at]! * x + faces[at + 1]! * y + faces[at + 2]! * z - faces[at + 3]!;
      if (outside > nearest) {
        nearest = outside;
        best = at;
      }
    }
    return [faces[best]!, faces[best + 1]!, faces[best + 2]!];
  }
}

/** The corners of a box with its sides along the axes. */
function boxAround([x, y, z]: Vector, [rx, ry, rz]: Vector): Vector[] {
  const signs = [-1, 1];
  return signs.flatMap((sx) =>
    signs.flatMap((sy) => signs.map((sz): Vector => [x + sx * rx, y + sy * ry, z + sz * rz])),
  );
}

export class Ellipsoid implements Solid {
  readonly corners: readonly Vector[];
  readonly radius: number;

  constructor(
    readonly centre: Vector,
    readonly radii: Vector,
  ) {
    this.corners = boxAround(centre, radii);
    this.radius = Math.max(...radii);
  }

  entry(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
    const [rx, ry, rz] = this.radii;
    const [cx, cy, cz] = this.centre;
    const px = (ox - cx) / rx;
    const py = (oy - cy) / ry;
    const pz = (oz - cz) / rz;
    const qx = dx / rx;
    const qy = dy / ry;
    const qz = dz / rz;
    const a = qx * qx + qy * qy + qz * qz;
    const b = px * qx + py * qy + pz * qz;
    const c = px * px + py * py + pz * pz - 1;
    const root = b * b - a * c;
    if (root < 0) return Infinity;
    const t = (-b - Math.sqrt(root)) / a;
    return t > 0 ? t : Infinity;
  }

  normal(x: number, y: number, z: number): Vector {
    const [rx, ry, rz] = this.radii;
    const [cx, cy, cz] = this.centre;
    return unit([(x - cx) / (rx * rx), (y - cy) / (ry * ry), (z - cz) / (rz * rz)]);
  }
}

export class Frustum implements Solid {
  readonly corners: readonly Vector[];
  readonly centre: Vector;
  readonly radius: number;
  /** k, how the radius changes with the height */
  private readonly slope: number;

  /**
   * @param foot the middle of the disc below
   * @param below the radius of that disc
   * @param above the radius of the disc on top; 0 makes a cone
   */
  constructor(
    readonly foot: Vector,
    readonly below: number,
    readonly above: number,
    readonly height: number,
  ) {
    const widest = Math.max(below, above);
    this.slope = (above - below) / height;
    this.centre = [foot[0], foot[1] + height / 2, foot[2]];
    this.corners = boxAround(this.centre, [widest, height / 2, widest]);
    this.radius = Math.hypot(widest, height / 2);
  }

  entry(ox: number, oy: number, oz: number, dx: number, dy: number, dz: number): number {
    const px = ox - this.foot[0];
    const py = oy - this.foot[1];
    const pz = oz - this.foot[2];
    const own = this.below + this.slope * py;
    const change = this.slope * dy;
    const a = dx * dx + dz * dz - change * change;
    const b = px * dx + pz * dz - own * change;
    const c = px * px + pz * pz - own * own;
    let best = Infinity;
    const root = b * b - a * c;
    if (root >= 0 && a !== 0) {
      const width = Math.sqrt(root);
      for (const t of [(-b - width) / a, (-b + width) / a]) {
        const y = py + t * dy;
        if (t > 0 && t < best && y >= 0 && y <= this.height && own + t * change >= 0) best = t;
      }
    }
    // From above only the upper disc is entered, from below only the lower one.
    const disc = dy < 0 ? this.height : 0;
    const t = (disc - py) / dy;
    const widest = dy < 0 ? this.above : this.below;
    if (t > 0 && t < best && (px + t * dx) ** 2 + (pz + t * dz) ** 2 <= widest * widest) best = t;
    return best;
  }

  normal(x: number, y: number, z: number): Vector {
    const px = x - this.foot[0];
    const py = y - this.foot[1];
    const pz = z - this.foot[2];
    const inside = this.below + this.slope * py - Math.hypot(px, pz);
    // A point on a disc that is not at its rim is nearer to the disc than to the side.
    if (this.height - py < 1e-6 && inside > 1e-6) return [0, 1, 0];
    if (py < 1e-6 && inside > 1e-6) return [0, -1, 0];
    return unit([px, -this.slope * Math.hypot(px, pz), pz]);
  }
}
