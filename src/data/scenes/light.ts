/**
 * The light that reaches the camera from each fragment, with its polarisation.
 *
 * Scattered light is Lambert's, albedo · (sky · (1 + n_y) / 2 + sun · n·l + Σ lamps · n·l / r²). The smooth share g of
 * a surface mirrors the sky by Fresnel's reflectance, after Schlick F = F₀ + (1 − F₀)(1 − cos θ)⁵ with
 * F₀ = ((n − 1) / (n + 1))²:
 *
 *   L = (1 − g F) · scattered + g F · mirrored + glow
 *
 * With θ the angle between normal and view, both are partly polarised, mirrored light across the normal and
 * scattered light along it (Atkinson and Hancock, "Recovery of surface orientation from diffuse polarization",
 * 2006):
 *
 *   ρ_mirrored  = 2 sin²θ cos θ √(n² − sin²θ) / (n² − sin²θ − n² sin²θ + 2 sin⁴θ)
 *   ρ_scattered = (n − 1/n)² sin²θ / (2 + 2n² − (n + 1/n)² sin²θ + 4 cos θ √(n² − sin²θ))
 *
 * Roughness mixes directions, so that scattered light keeps ρ by the smooth share alone. What is bright polarises
 * little, since scattered light covers the mirrored (Umov's effect); nobody has to say so.
 */
import { grain } from './grain.js';
import type { Fragments } from './fragments.js';
import type { Scene } from './scene.js';
import { cloudAt, skyLight } from './weather.js';

export interface Light {
  /** Red, green, blue of each fragment, linear */
  readonly colour: Float32Array;
  /** Stokes' Q and U of each fragment: the mean of the colours by the degree and by cos 2φ, sin 2φ */
  readonly stokes: Float32Array;
}

/** The degree of polarisation of mirrored light. */
export function mirroredPolarisation(cosine: number, n: number): number {
  const sine2 = 1 - cosine * cosine;
  const root = Math.sqrt(n * n - sine2);
  return (2 * sine2 * cosine * root) / (n * n - sine2 - n * n * sine2 + 2 * sine2 * sine2);
}

/** The degree of polarisation of scattered light. */
export function scatteredPolarisation(cosine: number, n: number): number {
  const sine2 = 1 - cosine * cosine;
  const root = Math.sqrt(n * n - sine2);
  return (
    ((n - 1 / n) ** 2 * sine2) / (2 + 2 * n * n - (n + 1 / n) ** 2 * sine2 + 4 * cosine * root)
  );
}

/** Below this gloss a surface mirrors the sky as a whole, without its colours and clouds */
const sharp = 0.25;

/** How much of Rayleigh's polarisation is left in the air, and how much of it behind clouds */
const clearSky = 0.6;

/**
 * The light of all fragments.
 *
 * @param sunlit n · l of each fragment
 */
export function lightOf(scene: Scene, fragments: Fragments, sunlit: Float32Array): Light {
  const { surface } = fragments;
  const light = {
    colour: new Float32Array(3 * surface.length),
    stokes: new Float32Array(2 * surface.length),
  };
  const shading = new Shading(scene, fragments, light);
  surface.forEach((index, at) => {
    if (index === 0) shading.sky(at);
    else shading.solid(at, index, sunlit[at]!);
  });
  return light;
}

/** Shades fragment after fragment, with room for what is between. */
class Shading {
  private readonly mirrored = new Float64Array(3);

  constructor(
    private readonly scene: Scene,
    private readonly fragments: Fragments,
    private readonly light: Light,
  ) {}

  sky(at: number): void {
    const { weather } = this.scene;
    const { point } = this.fragments;
    const x = point[3 * at]!;
    const y = point[3 * at + 1]!;
    const z = point[3 * at + 2]!;
    skyLight(weather, x, y, z, this.mirrored);
    this.light.colour.set(this.mirrored, 3 * at);
    if (!weather.sun) return;
    const [lx, ly, lz] = weather.sun;
    const cosine = x * lx + y * ly + z * lz;
    const degree =
      (clearSky * (1 - cosine * cosine) * (1 - cloudAt(weather, x, y, z))) / (1 + cosine * cosine);
    // Across the plane of sun and view
    this.addStokes(
      at,
      -degree * this.meanOf(this.mirrored),
      lx - cosine * x,
      ly - cosine * y,
      lz - cosine * z,
    );
  }

  solid(at: number, index: number, facingSun: number): void {
    const { weather, camera, surfaces, lamps, headlights } = this.scene;
    const { normal, point } = this.fragments;
    const { albedo, contrast, grain: size, gloss, refraction, glow } = surfaces[index]!.material;
    const x = point[3 * at]!;
    const y = point[3 * at + 1]!;
    const z = point[3 * at + 2]!;
    const nx = normal[3 * at]!;
    const ny = normal[3 * at + 1]!;
    const nz = normal[3 * at + 2]!;
    const fromCamera = Math.sqrt(x * x + (y - camera.altitude) ** 2 + z * z);
    const vx = -x / fromCamera;
    const vy = (camera.altitude - y) / fromCamera;
    const vz = -z / fromCamera;
    const cosine = Math.min(1, Math.max(0.01, nx * vx + ny * vy + nz * vz));

    let artificial = 0;
    for (const { at: lamp, strength } of lamps) {
      const tx = lamp[0] - x;
      const ty = lamp[1] - y;
      const tz = lamp[2] - z;
      const facing = nx * tx + ny * ty + nz * tz;
      if (facing <= 0) continue;
      const square = tx * tx + ty * ty + tz * tz + 0.1;
      artificial += (strength * facing) / (square * Math.sqrt(square));
    }
    if (headlights > 0 && vz < 0) {
      // A cone straight ahead
      const cone = Math.max(0, 1 - ((vx / vz) ** 2 / 0.2 + (vy / vz) ** 2 / 0.08));
      artificial += (headlights * cone * cosine) / (fromCamera * fromCamera);
    }

    this.mirror(gloss, 2 * cosine * nx - vx, 2 * cosine * ny - vy, 2 * cosine * nz - vz);
    const straight = ((refraction - 1) / (refraction + 1)) ** 2;
    const grazing = (1 - cosine) * (1 - cosine);
    const share = gloss * (straight + (1 - straight) * grazing * grazing * (1 - cosine));
    const texture = 1 + contrast * grain(x, y, z, size);
    const fromSky = (1 + ny) / 2;
    const { colour } = this.light;
    let scattered = 0;
    for (let c = 0; c < 3; c++) {
      const falling =
        fromSky * weather.skylight[c]! + facingSun * weather.sunlight[c]! + artificial;
      const own = (1 - share) * texture * albedo[c]! * falling;
      colour[3 * at + c] = own + share * this.mirrored[c]! + glow[c]!;
      scattered += own / 3;
    }
    const polarised =
      gloss * scattered * scatteredPolarisation(cosine, refraction) -
      share * this.meanOf(this.mirrored) * mirroredPolarisation(cosine, refraction);
    this.addStokes(at, polarised, nx - cosine * vx, ny - cosine * vy, nz - cosine * vz);
  }

  /** The light from where a surface mirrors, r = 2 (n·v) n − v. */
  private mirror(gloss: number, x: number, y: number, z: number): void {
    const { weather } = this.scene;
    if (y > 0 && gloss >= sharp) {
      skyLight(weather, x, Math.min(1, y), z, this.mirrored);
      return;
    }
    // Of the ground, about a fifth of what falls on it
    const share = y > 0 ? 1 : 0.2;
    for (let c = 0; c < 3; c++) this.mirrored[c] = share * weather.skylight[c]!;
  }

  private meanOf(colour: Float64Array): number {
    return (colour[0]! + colour[1]! + colour[2]!) / 3;
  }

  /** Light polarised along a vector across the view; what is negative is polarised across both. */
  private addStokes(at: number, polarised: number, x: number, y: number, z: number): void {
    const { up } = this.scene.camera;
    const high = y * up[1] + z * up[2];
    const square = x * x + high * high;
    if (square < 1e-12) return;
    this.light.stokes[2 * at] = (polarised * (x * x - high * high)) / square;
    this.light.stokes[2 * at + 1] = (polarised * 2 * x * high) / square;
  }
}
