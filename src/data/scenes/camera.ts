/**
 * A pinhole camera above the origin that looks forward and a little down. The ray of a point (column, row) of the
 * picture is
 *
 *   d = forward + (column − width / 2) / f · right + (height / 2 − row) / f · up
 *
 * and a point at t along it has the depth t, measured along the axis.
 */
import { dot, type Vector } from './vectors.js';

/** The part of a picture that something may cover: columns and rows from the first to before the last. */
export interface PixelWindow {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Nothing nearer than this is seen whole */
const nearest = 0.05;

export class Camera {
  readonly forward: Vector;
  readonly up: Vector;
  /** f, in pixels */
  readonly focalLength: number;

  /**
   * @param altitude above the ground, in metres
   * @param pitch how far down it looks, in radians
   */
  constructor(
    readonly altitude: number,
    readonly pitch: number,
    readonly height: number,
    readonly width: number,
  ) {
    this.forward = [0, -Math.sin(pitch), Math.cos(pitch)];
    this.up = [0, Math.cos(pitch), Math.sin(pitch)];
    this.focalLength = 0.9 * height;
  }

  /** The same view in so many times the pixels. */
  finer(times: number): Camera {
    return new Camera(this.altitude, this.pitch, this.height * times, this.width * times);
  }

  /** d through a point of the picture; the middle of the first pixel is (0.5, 0.5). */
  ray(column: number, row: number): Vector {
    const right = (column - this.width / 2) / this.focalLength;
    const up = (this.height / 2 - row) / this.focalLength;
    return [right, this.forward[1] + up * this.up[1], this.forward[2] + up * this.up[2]];
  }

  /** The pixels that the convex hull of points may cover; all of them where it reaches behind the camera. */
  windowOf(points: readonly Vector[]): PixelWindow {
    let [left, right, top, bottom] = [this.width, 0, this.height, 0];
    for (const [x, y, z] of points) {
      const from: Vector = [x, y - this.altitude, z];
      const depth = dot(from, this.forward);
      if (depth < nearest) return { left: 0, right: this.width, top: 0, bottom: this.height };
      const column = this.width / 2 + (x / depth) * this.focalLength;
      const row = this.height / 2 - (dot(from, this.up) / depth) * this.focalLength;
      left = Math.min(left, column);
      right = Math.max(right, column);
      top = Math.min(top, row);
      bottom = Math.max(bottom, row);
    }
    return {
      left: Math.max(0, Math.floor(left)),
      right: Math.min(this.width, Math.ceil(right)),
      top: Math.max(0, Math.floor(top)),
      bottom: Math.min(this.height, Math.ceil(bottom)),
    };
  }
}
