import assert from 'node:assert/strict';
import {
  Ellipsoid,
  Frustum,
  Prism,
  type Corner,
  type Solid,
} from '../../../src/data/scenes/solids.js';
import { Place, type Vector } from '../../../src/data/scenes/vectors.js';
import { stream, type Stream } from '../../../src/tensor/random.js';

/** A solid with a second opinion on what is inside of it. */
interface Case {
  readonly name: string;
  readonly solid: Solid;
  readonly contains: (point: Vector) => boolean;
}

/** Which side of each edge of the profile a point is on, in the place's own coordinates. */
function prism(profile: readonly Corner[], random: Stream): Case {
  const place = new Place(random.uniform(-2, 2), random.uniform(8, 12), random.uniform(-3, 3));
  const [halfWidth, shift] = [random.uniform(0.3, 2), random.uniform(-1, 1)];
  return {
    name: `prism of ${profile.length} corners`,
    solid: new Prism(place, profile, halfWidth, shift),
    contains: ([x, y, z]) => {
      const along = place.along(x, z);
      if (Math.abs(place.across(x, z) - shift) > halfWidth) return false;
      return profile.every(([a, u], index) => {
        const [b, v] = profile[(index + 1) % profile.length]!;
        return (b - a) * (y - u) - (v - u) * (along - a) >= 0;
      });
    },
  };
}

function cases(random: Stream): Case[] {
  const centre: Vector = [random.uniform(-2, 2), random.uniform(0, 3), random.uniform(8, 12)];
  const radii: Vector = [random.uniform(0.5, 2), random.uniform(0.5, 2), random.uniform(0.5, 2)];
  const [below, above] = [random.uniform(0.2, 2), random.uniform(0.2, 2)];
  const height = random.uniform(0.5, 4);
  const frustum = (top: number): Case => ({
    name: `frustum from ${below} to ${top}`,
    solid: new Frustum(centre, below, top, height),
    contains: ([x, y, z]) => {
      const share = (y - centre[1]) / height;
      const radius = below * (1 - share) + top * share;
      return share >= 0 && share <= 1 && (x - centre[0]) ** 2 + (z - centre[2]) ** 2 <= radius ** 2;
    },
  });
  return [
    prism([[-1, 0], [1.5, 0], [1.5, 2], [-1, 2]], random), // prettier-ignore
    prism([[-2, 1], [2, 1], [0, 2.5]], random), // prettier-ignore
    prism([[-2, 0.3], [2, 0.3], [2.1, 0.7], [1, 1], [-2, 1]], random), // prettier-ignore
    {
      name: 'ellipsoid',
      solid: new Ellipsoid(centre, radii),
      contains: (point) =>
        point.reduce(
          (sum, value, axis) => sum + ((value - centre[axis]!) / radii[axis]!) ** 2,
          0,
        ) <= 1,
    },
    frustum(above),
    frustum(0),
    frustum(below),
  ];
}

const step = 0.005;

describe('solids', () => {
  it('are entered where small steps along the ray first are inside', () => {
    const random = stream(1, 'solids');
    let met = 0;
    for (let round = 0; round < 12; round++) {
      for (const { name, solid, contains } of cases(random)) {
        for (let ray = 0; ray < 12; ray++) {
          const [oy, dx, dy] = [
            random.uniform(0, 4),
            random.uniform(-0.3, 0.3),
            random.uniform(-0.3, 0.3),
          ];
          const at = (t: number): Vector => [t * dx, oy + t * dy, t];
          let marched = Infinity;
          for (let t = step; t < 20; t += step) {
            if (!contains(at(t))) continue;
            marched = t;
            break;
          }
          const t = solid.entry(0, oy, 0, dx, dy, 1);
          // A ray may cut a corner between two steps.
          if (marched === Infinity && t < Infinity) {
            assert.ok(!contains(at(t + 1.01 * step)), `${name} is missed at ${t}`);
            continue;
          }
          if (marched === Infinity) continue;
          met++;
          assert.ok(t <= marched && t > marched - 1.01 * step, `${name}: ${t} for ${marched}`);
          const [x, y, z] = at(t);
          const [nx, ny, nz] = solid.normal(x, y, z);
          assert.ok(Math.abs(Math.hypot(nx, ny, nz) - 1) < 1e-9, `${name}: a unit normal`);
          assert.ok(nx * dx + ny * dy + nz <= 1e-9, `${name}: the normal faces the ray`);
          const beyond = (by: number): Vector => [x + by * nx, y + by * ny, z + by * nz];
          assert.ok(!contains(beyond(1e-6)), `${name}: the normal points outward`);
          const corners = solid.corners.map((corner) => Math.max(...corner.map(Math.abs)));
          assert.ok(
            Math.max(...corners) >= Math.max(Math.abs(x), y),
            `${name}: corners are around`,
          );
          const { centre, radius } = solid;
          const away = Math.hypot(x - centre[0], y - centre[1], z - centre[2]);
          assert.ok(away <= radius + 1e-9, `${name}: the ball is around`);
        }
      }
    }
    assert.ok(met > 100, `only ${met} rays met anything`);
  });
});
