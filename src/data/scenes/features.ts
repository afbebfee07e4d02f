/**
 * What a pixel's 3 × 3 neighbourhood says in each modality, for simple statistics. Numbers are bytes as they are:
 * - **rgb**: the mean red, green and blue, and how much the brightness varies
 * - **depth**: nearness, its slopes across and down, and how far it is from a plane
 * - **thermal**: the mean, and how much it varies
 * - **polarisation**: the degree, and degree · sin 2φ and degree · cos 2φ
 */
import { channelsOf, type RenderedScene, type SceneModality } from './render.js';

type Features = (pixel: (row: number, column: number, channel: number) => number) => number[];

const around = [-1, 0, 1];
const cells = around.flatMap((row) => around.map((column) => [row, column] as const));

function mean(value: (row: number, column: number) => number): number {
  return cells.reduce((sum, [row, column]) => sum + value(row, column), 0) / cells.length;
}

function deviation(value: (row: number, column: number) => number): number {
  const centre = mean(value);
  return Math.sqrt(mean((row, column) => (value(row, column) - centre) ** 2));
}

const features: Readonly<Record<SceneModality, Features>> = {
  rgb: (of) => [
    ...[0, 1, 2].map((channel) => mean((row, column) => of(row, column, channel))),
    deviation((row, column) => of(row, column, 1)),
  ],
  depth: (of) => {
    const nearness = (row: number, column: number) => of(row, column, 0);
    const level = mean(nearness);
    // The least squares of a plane: each slope by itself, since rows and columns are orthogonal.
    const across = 1.5 * mean((row, column) => column * nearness(row, column));
    const down = 1.5 * mean((row, column) => row * nearness(row, column));
    const rough = deviation(
      (row, column) => nearness(row, column) - level - across * column - down * row,
    );
    return [Math.sqrt(level), across, down, Math.log(rough + 0.5)];
  },
  thermal: (of) => [
    mean((row, column) => of(row, column, 0)),
    deviation((row, column) => of(row, column, 0)),
  ],
  polarisation: (of) => {
    const turned = (channel: number) =>
      mean((row, column) => of(row, column, 0) * (of(row, column, channel) / 127.5 - 1));
    return [Math.sqrt(mean((row, column) => of(row, column, 0))), turned(1), turned(2)];
  },
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
    return features[name](
      (down, across, channel) =>
        scene[name][channels * ((row + down) * scene.width + column + across) + channel]!,
    );
  });
}
