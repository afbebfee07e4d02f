/**
 * Vectors in metres: x to the right, y up, z forward. The camera stands above the origin, the ground is y = 0.
 */
export type Vector = readonly [x: number, y: number, z: number];

export const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export function unit(vector: Vector): Vector {
  const length = Math.sqrt(dot(vector, vector));
  return [vector[0] / length, vector[1] / length, vector[2] / length];
}

/**
 * A place on the ground with a direction. With the angle φ, `along` points to (sin φ, 0, cos φ) and `across` to its
 * right, (cos φ, 0, −sin φ).
 */
export class Place {
  private readonly sine: number;
  private readonly cosine: number;

  constructor(
    readonly x: number,
    readonly z: number,
    readonly angle: number,
  ) {
    this.sine = Math.sin(angle);
    this.cosine = Math.cos(angle);
  }

  /** The point so far along, up and across from here. */
  point(along: number, up: number, across: number): Vector {
    return [
      this.x + along * this.sine + across * this.cosine,
      up,
      this.z + along * this.cosine - across * this.sine,
    ];
  }

  /** The direction, of the same length. */
  direction(along: number, up: number, across: number): Vector {
    return [along * this.sine + across * this.cosine, up, along * this.cosine - across * this.sine];
  }

  along(x: number, z: number): number {
    return (x - this.x) * this.sine + (z - this.z) * this.cosine;
  }

  across(x: number, z: number): number {
    return (x - this.x) * this.cosine - (z - this.z) * this.sine;
  }

  /** A place beside this one, turned by an angle. */
  beside(along: number, across: number, turned = 0): Place {
    const [x, , z] = this.point(along, 0, across);
    return new Place(x, z, this.angle + turned);
  }
}
