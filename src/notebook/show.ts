/** Figures, tables and pictures in a notebook. */
import type { Figure } from '../figures/figure.js';
import { pictureGrid, type Picture } from '../figures/grid.js';
import { figureSvg } from '../figures/render.js';
import { display, inNotebook, LiveDisplay } from './display.js';
import { tableHtml, type Cell } from './html.js';

/**
 * Shows a figure: Plotly JSON for JupyterLab, VS Code and the site, SVG for everyone else (GitHub among
 * them), and its title as text. Not PNG: JupyterLab would show that until the pointer comes near.
 */
export async function show(figure: Figure): Promise<void> {
  const text = figure.layout.title.text;
  if (!inNotebook()) {
    display({ 'text/plain': `[figure] ${text}` });
    return;
  }
  display({
    'application/vnd.plotly.v1+json': figure,
    'image/svg+xml': await figureSvg(figure),
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
  private pause = redrawEvery;
  private drawing: Promise<void> = Promise.resolve();

  /** Redraws unless the last time was a moment ago. `make` runs only when it does. */
  update(make: () => Figure): void {
    const now = Date.now();
    if (!inNotebook() || now - this.lastDrawn < this.pause) return;
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
    const begin = Date.now();
    const svg = inNotebook() ? await figureSvg(figure) : '';
    // A figure of many points takes seconds, and the cores are there for the training.
    this.pause = Math.max(redrawEvery, 20 * (Date.now() - begin));
    this.place.finish({ 'image/svg+xml': svg, 'text/plain': text });
  }
}

/** Shows rows under a header, numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): void {
  const text = [header, ...rows].map((row) => row.join('\t')).join('\n');
  display({ 'text/html': tableHtml(header, rows), 'text/plain': text });
}

/** What we use of a danfo data frame. */
export interface FrameLike {
  readonly columns: readonly string[];
  readonly values: unknown;
}

/** Shows a danfo data frame as a table. */
export function frame(data: FrameLike): void {
  table(data.columns, data.values as Cell[][]);
}

/**
 * Shows rows of pictures, magnified without smoothing.
 *
 * @param description what a reader who sees no pictures is told
 */
export function pictures(rows: readonly (readonly Picture[])[], description: string): void {
  display({ 'image/png': pictureGrid(rows).toString('base64'), 'text/plain': description });
}
