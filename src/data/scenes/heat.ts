/**
 * The temperature that a thermal camera sees of each fragment, in °C. A surface is as warm as
 *
 *   T = air + warmth + heating · n·l · sun
 *
 * with what it holds of its own, such as a body, an engine or the warmth of the past day, and what the sun adds.
 * Between −30 and 50 °C the radiation from 8 to 14 µm is nearly linear in the temperature, so the apparent one is
 * ε T + (1 − ε) T_sky, with the emissivity ε: metal and glass show some of the cold sky.
 */
import { grain } from './grain.js';
import type { Fragments } from './fragments.js';
import type { Scene } from './scene.js';
import { skyTemperature } from './weather.js';

/** Kelvin by which a surface varies from place to place */
const uneven = 0.7;

/** The apparent temperature of all fragments. */
export function heatOf(scene: Scene, fragments: Fragments, sunlit: Float32Array): Float32Array {
  const { weather, surfaces } = scene;
  const { surface, normal, point } = fragments;
  // What the sun warms at dusk is little; the brightest colour stands for its strength.
  const strength = Math.max(...weather.sunlight);
  return sunlit.map((facing, at) => {
    const index = surface[at]!;
    const x = point[3 * at]!;
    const y = point[3 * at + 1]!;
    const z = point[3 * at + 2]!;
    if (index === 0) return skyTemperature(weather, x, y, z);
    const { warmth, heating, emissivity } = surfaces[index]!.material;
    const own = weather.air + warmth + heating * facing * strength;
    const up = Math.max(0, normal[3 * at + 1]!);
    // Whatever stands upright mirrors the horizon, level things the sky above.
    const mirrored = weather.air - 30 * (1 - 0.85 * weather.clouds) * Math.sqrt(up) - 3;
    const varied = own + uneven * grain(x, y, z, 0.5);
    return emissivity * varied + (1 - emissivity) * mirrored;
  });
}
