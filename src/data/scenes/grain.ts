/** Textures without tables: numbers that depend on a place alone. */

/** A number in [0, 1) of three integers, the same for the same. */
export function hash(x: number, y: number, z: number): number {
  let bits = Math.imul(x, 0x8da6b343) ^ Math.imul(y, 0xd8163841) ^ Math.imul(z, 0xcb1ab31f);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
}

/** A number in [−1, 1) of the cell of that size in which a point lies. */
export function grain(x: number, y: number, z: number, size: number): number {
  return 2 * hash(Math.floor(x / size), Math.floor(y / size), Math.floor(z / size)) - 1;
}

/** Patches: numbers in [0, 1) on a grid of integers, and between them bilinear. */
export function patches(x: number, z: number, of: number): number {
  const [left, near] = [Math.floor(x), Math.floor(z)];
  const [right, far] = [x - left, z - near];
  const at = (dx: number, dz: number) => hash(left + dx, of, near + dz);
  return (
    (at(0, 0) * (1 - right) + at(1, 0) * right) * (1 - far) +
    (at(0, 1) * (1 - right) + at(1, 1) * right) * far
  );
}
