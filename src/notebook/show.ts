/** Figures, tables and pictures in a notebook. */
import { createCanvas } from '@napi-rs/canvas';
import type { Figure } from '../figures/figure.js';
import { figurePng, figureSvg } from '../figures/render.js';
import { display, inNotebook, LiveDisplay } from './display.js';
import { tableHtml, type Cell } from './html.js';

/**
 * Shows a figure: Plotly JSON for JupyterLab, VS Code and the site, a PNG for everyone else (GitHub
 * among them), and its title as text.
 */
export async function show(figure: Figure): Promise<void> {
  const text = figure.layout.title.text;
  if (!inNotebook()) {
    display({ 'text/plain': `[figure] ${text}` });
    return;
  }
  const png = await figurePng(figure);
  display({
    'application/vnd.plotly.v1+json': figure,
    'image/png': png.toString('base64'),
    'text/plain': text,
  });
}

const redrawEvery = 1500;

/**
 * A figure that is redrawn in place while a computation runs. It is drawn as SVG, because Plotly's
 * renderers do not redraw a figure that they have shown.
 */
export class LiveFigure {
  private readonly place = new LiveDisplay();
  private lastDrawn = 0;
  private drawing: Promise<void> = Promise.resolve();

  /** Redraws unless the last time was a moment ago. `make` runs only when it does. */
  update(make: () => Figure): void {
    const now = Date.now();
    if (!inNotebook() || now - this.lastDrawn < redrawEvery) return;
    this.lastDrawn = now;
    this.drawing = this.drawing.then(() => this.draw(make()));
  }

  /** Draws the last state and waits for it. */
  async finish(figure: Figure): Promise<void> {
    await this.drawing;
    await this.draw(figure);
  }

  private async draw(figure: Figure): Promise<void> {
    const text = figure.layout.title.text;
    const svg = inNotebook() ? await figureSvg(figure) : '';
    this.place.finish({ 'image/svg+xml': svg, 'text/plain': text });
  }
}

/** Shows rows under a header, numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const text = [header, ...rows].map((row) => row.join('\t')).join('\n');
  display({ 'text/html': tableHtml(header, rows), 'text/plain': text });
}

/** A square colour picture: bytes [size, size, 3]. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly size: number;
}

/**
 * Shows rows of pictures, each magnified without smoothing.
 *
 * @param description what a reader who sees no pictures is told
 */
export function pictures(rows: readonly (readonly Picture[])[], description: string): void {
  const scale = 2;
  const gap = 4;
  const side = scale * (rows[0]?.[0]?.size ?? 0) + gap;
  const columns = Math.max(...rows.map((row) => row.length));
  const canvas = createCanvas(columns * side + gap, rows.length * side + gap);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  rows.forEach((row, down) => {
    row.forEach((picture, right) => {
      const [x, y] = [gap + right * side, gap + down * side];
      context.drawImage(canvasOf(picture), x, y, scale * picture.size, scale * picture.size);
    });
  });
  display({
    'image/png': canvas.toBuffer('image/png').toString('base64'),
    'text/plain': description,
  });
}

function canvasOf({ pixels, size }: Picture) {
  const canvas = createCanvas(size, size);
  const context = canvas.getContext('2d');
  const image = context.createImageData(size, size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    image.data.set([...pixels.subarray(3 * pixel, 3 * pixel + 3), 255], 4 * pixel);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
