/** The pictures of README.md and of pages of data sets, taken from the data and from a run of the workbook. */
import path from 'node:path';
import { loadEmoji } from '../data/emoji/emoji.js';
import { pictureModalities } from '../data/emoji/pictures.js';
import { scenePalette } from '../data/scenes/classes.js';
import { modalityPicture } from '../data/scenes/pictures.js';
import { sceneModalities } from '../data/scenes/render.js';
import { generateScenes } from '../data/scenes/scenes.js';
import type { Figure } from '../figures/figure.js';
import { pictureGrid } from '../figures/grid.js';
import { classImage } from '../figures/images.js';
import { figurePng } from '../figures/render.js';
import { projectRoot } from '../files/paths.js';
import { writeWhole } from '../files/write.js';
import { readNotebook } from '../notebook/format.js';
import { dataOf, figuresOf, plotlyMime } from './page.js';

const data = path.join(projectRoot, 'data');

/** Which figure of which notebook becomes which picture: the start of its title names it. */
const taken = [
  { notebook: '08-full-training-runs', title: 'Test accuracy by method', file: 'results.png' },
  { notebook: '09-token-alignment', title: 'How far projected tokens', file: 'alignment.png' },
  { notebook: '12-cmnext-and-table-1', title: 'Figure 3', file: 'maps.png' },
];

/** Emoji that one knows at 32 pixels, from eight groups. */
export const wellKnown = [
  'grinning face',
  'parrot',
  'red apple',
  'house',
  'bicycle',
  'violin',
  'umbrella',
  'flag: Japan',
];

/** The first eight scenes of training: every modality, and the classes. */
function scenes() {
  const shown = Array.from({ length: 8 }, (_, sample) => generateScenes().picturesOf(sample));
  return [
    ...sceneModalities.map((name) => shown.map((scene) => modalityPicture(scene, name))),
    shown.map((scene) => classImage(scene.labels, scene, scenePalette)),
  ];
}

/**
 * @param workbook the output folder of a workbook run
 * @returns the files written
 * @throws Error when the run has not the figures
 */
export async function writePictures(workbook: string): Promise<string[]> {
  const emoji = loadEmoji();
  const samples = wellKnown.map((name) => emoji.find(name));
  const rows = pictureModalities.map((name) =>
    samples.map((sample) => emoji.picture(name, sample)),
  );
  const looks = { emoji: rows, scenes: scenes() };
  const files = Object.entries(looks).map(([name, images]) => {
    const file = path.join(data, name, 'look.png');
    writeWhole(file, pictureGrid(images));
    return file;
  });
  for (const { notebook, title, file } of taken) {
    const place = path.join(workbook, `${notebook}.ipynb`);
    const figures = figuresOf(readNotebook(place)).map(
      (output) => dataOf(output)[plotlyMime] as Figure,
    );
    const figure = figures.find(({ layout }) => layout.title.text.startsWith(title));
    if (!figure) throw new Error(`${place} has no figure "${title} …"; run "npm start" first`);
    const target = path.join(data, 'pictures', file);
    writeWhole(target, await figurePng(figure));
    files.push(target);
  }
  return files;
}
