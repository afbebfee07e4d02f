/** Figures and pictures in a notebook. */
import { z } from 'zod';
import type { Figure } from '../figures/figure.js';
import { pictureGrid, type RgbImage, type SquareImage } from '../figures/grid.js';
import { figureSvg } from '../figures/render.js';
import { display, inNotebook, LiveDisplay, type Bundle } from './display.js';
import { writeFigure } from './figureFile.js';

/** What a figure must have to be drawn and described. */
const figureShape = z.looseObject({
  data: z.array(z.looseObject({})),
  layout: z.looseObject({
    width: z.number().optional(),
    height: z.number().optional(),
    title: z.looseObject({ text: z.string() }),
  }),
});

/**
 * Shows a figure: Plotly JSON for JupyterLab, VS Code and the site, SVG for everyone else (GitHub among
 * them), and its title as text. Not PNG: JupyterLab would show that until the pointer comes near. Outside of
 * a notebook it writes the SVG below data/runs/figures and says where.
 *
 * @throws Error saying what it lacks when it is no figure
 */
export async function show(figure: Figure): Promise<void> {
  const { success, error } = figureShape.safeParse(figure);
  if (!success) throw new Error(`show: this is no figure:\n${z.prettifyError(error)}`);
  const bundle = await figureBundle(figure);
  if (inNotebook()) {
    display(bundle);
    return;
  }
  const text = bundle['text/plain'];
  display({ 'text/plain': `[figure] ${text}: ${writeFigure(text, bundle['image/svg+xml'])}` });
}

/** Whether `show` can show a value. */
export function isFigure(value: unknown): value is Figure {
  return figureShape.safeParse(value).success;
}

/** A figure in every form that `show` sends. */
export async function figureBundle(
  figure: Figure,
): Promise<Bundle & { readonly 'image/svg+xml': string }> {
  return {
    'application/vnd.plotly.v1+json': figure,
    'image/svg+xml': await figureSvg(figure),
    'text/plain': figure.layout.title.text,
  };
}

const redrawEvery = 1500;

/**
 * A figure that is redrawn in place while a computation runs. It is drawn as SVG, because Plotly's
 * renderers do not redraw a figure that they have shown.
 */
export class LiveFigure {
  private readonly place = new LiveDisplay();
  private lastDrawn = 0;
  private pause = redrawEvery;
  private drawing: Promise<void> = Promise.resolve();

  /** Redraws unless the last time was a moment ago. `make` runs only when it does. */
  update(make: () => Figure): void {
    const now = Date.now();
    if (!inNotebook() || now - this.lastDrawn < this.pause) return;
    this.lastDrawn = now;
    this.drawing = this.drawing.then(() => this.draw(make()));
  }

  /** Draws the last state and waits for it; outside of a notebook as `show` does. */
  async finish(figure: Figure): Promise<void> {
    await this.drawing;
    await (inNotebook() ? this.draw(figure) : show(figure));
  }

  private async draw(figure: Figure): Promise<void> {
    const begin = Date.now();
    const svg = await figureSvg(figure);
    // A figure of many points takes seconds, and the cores are there for the training.
    this.pause = Math.max(redrawEvery, 20 * (Date.now() - begin));
    this.place.update({ 'image/svg+xml': svg, 'text/plain': figure.layout.title.text });
  }
}

/**
 * Shows rows of pictures, magnified without smoothing.
 *
 * @param description what a reader who sees no pictures is told
 */
export function pictures(
  rows: readonly (readonly (RgbImage | SquareImage)[])[],
  description: string,
): void {
  display({ 'image/png': pictureGrid(rows).toString('base64'), 'text/plain': description });
}
