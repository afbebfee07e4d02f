import assert from 'node:assert/strict';
import { mirroredPolarisation, scatteredPolarisation } from '../../../src/data/scenes/light.js';

/** Fresnel's reflectances across and in the plane of incidence. */
function reflectances(cosine: number, n: number): [across: number, within: number] {
  const inside = Math.sqrt(1 - (1 - cosine * cosine) / (n * n));
  return [
    ((cosine - n * inside) / (cosine + n * inside)) ** 2,
    ((n * cosine - inside) / (n * cosine + inside)) ** 2,
  ];
}

describe('the polarisation of light', () => {
  it('is that of Fresnel’s equations, of what is mirrored and of what comes out', () => {
    for (const n of [1.33, 1.5, 1.7]) {
      for (let degrees = 1; degrees < 90; degrees += 4) {
        const cosine = Math.cos((degrees * Math.PI) / 180);
        const [across, within] = reflectances(cosine, n);
        const mirrored = (across - within) / (across + within);
        // What is not mirrored goes through, and as much comes out the same way.
        const scattered = (across - within) / (2 - across - within);
        assert.ok(Math.abs(mirroredPolarisation(cosine, n) - mirrored) < 1e-9, `${n}, ${degrees}°`);
        assert.ok(
          Math.abs(scatteredPolarisation(cosine, n) - scattered) < 1e-9,
          `${n}, ${degrees}°`,
        );
      }
    }
  });

  it('is complete at Brewster’s angle and none straight on', () => {
    assert.ok(Math.abs(mirroredPolarisation(Math.cos(Math.atan(1.5)), 1.5) - 1) < 1e-9);
    assert.equal(mirroredPolarisation(1, 1.5), 0);
    assert.equal(scatteredPolarisation(1, 1.5), 0);
  });
});
