/** Draws a tiny figure without a browser, and looks whether it is there. */
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { z } from 'zod';
import { bars } from '../../figures/bars.js';
import { methodColours } from '../../figures/figure.js';
import { figurePng } from '../../figures/render.js';

export const figureReplySchema = z.object({
  width: z.number(),
  height: z.number(),
  /** The share of the picture that the bar's colour covers */
  covered: z.number(),
  milliseconds: z.number(),
});
export type FigureReply = z.infer<typeof figureReplySchema>;

export async function checkFigure(): Promise<FigureReply> {
  const name = 'dropout';
  const begin = performance.now();
  const png = await figurePng(
    bars([{ name, values: [1] }], {
      title: 'One bar',
      labels: ['a'],
      valueTitle: '',
      width: 240,
      height: 160,
    }),
  );
  const milliseconds = performance.now() - begin;
  const { width, height } = await loadImage(png);
  return { width, height, covered: await shareOf(methodColours[name]!, png), milliseconds };
}

/** @param colour as #rrggbb */
async function shareOf(colour: string, png: Buffer): Promise<number> {
  const image = await loadImage(png);
  const context = createCanvas(image.width, image.height).getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const wanted = Buffer.from(colour.slice(1), 'hex');
  let count = 0;
  for (let place = 0; place < data.length; place += 4) {
    if (wanted.every((value, channel) => value === data[place + channel])) count++;
  }
  return count / (image.width * image.height);
}
