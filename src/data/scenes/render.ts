/** From a scene to four registered pictures and a class map. */
import type { Stream } from '../../tensor/random.js';
import { ignoredLabel } from '../dataset.js';
import { sceneClasses } from './classes.js';
import { fragmentsOf, pixelMeans, type Fragments } from './fragments.js';
import { heatOf } from './heat.js';
import type { PictureShape } from './layout.js';
import { lightOf } from './light.js';
import type { Scene } from './scene.js';
import { nearnessOf, takeDepth, takePolarisation, takeRgb, takeThermal } from './sensors.js';
import { sunlit } from './sunlight.js';
import { look } from './visibility.js';

export const sceneModalities = ['rgb', 'depth', 'thermal', 'polarisation'] as const;
export type SceneModality = (typeof sceneModalities)[number];

/** Numbers of a pixel by modality; those with one are repeated for networks */
export const channelsOf: Readonly<Record<SceneModality, 1 | 3>> = {
  rgb: 3,
  depth: 1,
  thermal: 1,
  polarisation: 3,
};

/** Pictures of one scene, rows of pixels of one byte a number, and the class of each pixel. */
export type RenderedScene = PictureShape &
  Readonly<Record<SceneModality, Uint8Array>> & { readonly labels: Uint8Array };

/** How many samples a pixel has in each direction */
const finer = 2;

/**
 * Takes the pictures.
 *
 * @param randomOf the noise of each modality's own camera
 */
export function render(scene: Scene, randomOf: (modality: SceneModality) => Stream): RenderedScene {
  const { height, width } = scene.camera;
  const shape = { height, width };
  const fragments = fragmentsOf(look(scene, finer), finer);
  const lit = sunlit(scene, fragments);
  const light = lightOf(scene, fragments, lit);
  const means = (values: Float32Array, channels: number) => pixelMeans(fragments, values, channels);
  const colour = means(light.colour, 3);
  const depthNoise = randomOf('depth');
  return {
    ...shape,
    rgb: takeRgb(colour, randomOf('rgb')),
    depth: takeDepth(means(nearnessOf(scene, fragments, depthNoise), 1), depthNoise),
    thermal: takeThermal(means(heatOf(scene, fragments, lit), 1), shape, randomOf('thermal')),
    polarisation: takePolarisation(
      { colour, stokes: means(light.stokes, 2) },
      randomOf('polarisation'),
    ),
    labels: labelsOf(scene, fragments),
  };
}

/** How many times farther something is that lies behind something else, and not beside it */
const behind = 1.05;

/**
 * The class of most of a pixel's samples. Where two classes have half of them each, it is that of the thing in front;
 * where both are as far, as a window and its wall, the pixel has none.
 */
function labelsOf({ surfaces }: Scene, fragments: Fragments): Uint8Array {
  const { height, width, pixel, share, surface, depth } = fragments;
  const labels = new Uint8Array(height * width);
  const shares = new Float64Array(sceneClasses.length);
  const depths = new Float64Array(sceneClasses.length);
  for (let at = 0; at < pixel.length;) {
    const own = pixel[at]!;
    shares.fill(0);
    depths.fill(Infinity);
    for (; pixel[at] === own; at++) {
      const { label } = surfaces[surface[at]!]!;
      shares[label]! += share[at]!;
      depths[label] = Math.min(depths[label]!, depth[at]!);
    }
    labels[own] = largest(shares, depths);
  }
  return labels;
}

function largest(shares: Float64Array, depths: Float64Array): number {
  let best = 0;
  let isTied = false;
  for (let label = 1; label < shares.length; label++) {
    if (shares[label] === 0 || shares[label]! < shares[best]!) continue;
    const isMore = shares[label]! > shares[best]!;
    const isNearer = behind * depths[label]! < depths[best]!;
    isTied = !isMore && !isNearer && behind * depths[best]! >= depths[label]!;
    if (isMore || isNearer) best = label;
  }
  return isTied ? ignoredLabel : best;
}
