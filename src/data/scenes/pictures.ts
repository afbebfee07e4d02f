/** Scenes for people: any modality as a picture. */
import type { Picture } from '../images/picture.js';
import type { PictureShape } from './layout.js';
import { channelsOf, type RenderedScene, type SceneModality } from './render.js';

/**
 * The picture of a modality. Depth is brighter the nearer, heat goes from black over red and yellow to white;
 * polarisation has the angle as its hue and the degree as its brightness.
 */
export function modalityPicture(scene: RenderedScene, name: SceneModality): Picture {
  const bytes = scene[name];
  const channels = channelsOf[name];
  return picture(scene, (at) => {
    const of = (channel: number) => bytes[channels * at + channel]!;
    switch (name) {
      case 'rgb':
        return [of(0), of(1), of(2)];
      case 'depth': {
        const bright = 255 * Math.sqrt(of(0) / 255);
        return [bright, bright, bright];
      }
      case 'thermal': {
        const warm = of(0) / 85;
        return [255 * warm, 255 * (warm - 1), 255 * (warm - 2)];
      }
      case 'polarisation': {
        const bright = Math.min(255, 2 * of(0));
        return [bright, (bright * of(1)) / 255, (bright * of(2)) / 255];
      }
    }
  });
}

function picture(
  { height, width }: PictureShape,
  colour: (at: number) => readonly [number, number, number],
): Picture {
  const pixels = new Uint8ClampedArray(3 * height * width);
  for (let at = 0; at < height * width; at++) pixels.set(colour(at), 3 * at);
  return { height, width, pixels: new Uint8Array(pixels.buffer) };
}
