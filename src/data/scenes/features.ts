/**
 * What a pixel's 3 × 3 neighbourhood says in each modality, for simple statistics. Numbers are bytes as they are:
 * - **rgb**: the mean red, green and blue, and how much the brightness varies
 * - **depth**: nearness, its slopes across and down, and how far it is from a plane
 * - **thermal**: the mean, and how much it varies
 * - **polarisation**: the degree, and degree · sin 2φ and degree · cos 2φ
 */
import { channelsOf, type RenderedScene, type SceneModality } from './render.js';

/** The nine bytes of a channel, row by row */
type Patch = readonly number[];

const mean = (patch: Patch) => patch.reduce((sum, value) => sum + value, 0) / patch.length;

function deviation(patch: Patch): number {
  const centre = mean(patch);
  const squares = patch.reduce((sum, value) => sum + (value - centre) * (value - centre), 0);
  return Math.sqrt(squares / patch.length);
}

/** How far each of the nine is to the right of the middle, and below it */
const right = [-1, 0, 1, -1, 0, 1, -1, 0, 1];
const below = [-1, -1, -1, 0, 0, 0, 1, 1, 1];

const features: Readonly<Record<SceneModality, (channels: readonly Patch[]) => number[]>> = {
  rgb: (channels) => [...channels.map(mean), deviation(channels[1]!)],
  depth: ([nearness]) => {
    const level = mean(nearness!);
    // The least squares of a plane: each slope by itself, since rows and columns are orthogonal.
    const slope = (places: readonly number[]) =>
      places.reduce((sum, place, at) => sum + place * nearness![at]!, 0) / 6;
    const across = slope(right);
    const down = slope(below);
    const rest = nearness!.map((value, at) => value - across * right[at]! - down * below[at]!);
    return [Math.sqrt(level), across, down, Math.log(deviation(rest) + 0.5)];
  },
  thermal: ([heat]) => [mean(heat!), deviation(heat!)],
  polarisation: ([degree, ...angles]) => [
    Math.sqrt(mean(degree!)),
    ...angles.map((angle) => mean(angle.map((value, at) => degree![at]! * (value / 127.5 - 1)))),
  ],
};

/** The features of a pixel that is not at the border. */
export function featuresAt(
  scene: RenderedScene,
  modalities: readonly SceneModality[],
  row: number,
  column: number,
): number[] {
  return modalities.flatMap((name) => {
    const channels = channelsOf[name];
    const patches = Array.from({ length: channels }, (_, channel) =>
      right.map(
        (across, at) =>
          scene[name][channels * ((row + below[at]!) * scene.width + column + across) + channel]!,
      ),
    );
    return features[name](patches);
  });
}
