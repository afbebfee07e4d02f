/** The renderer without a browser: a tiny figure is really drawn. */
import { ask } from './ask.js';
import { figureReplySchema } from './checks/figure.js';
import type { Probe } from './probe.js';
import type { Finding } from './report.js';

/** The bar of the figure covers more than this share of it; an empty picture has nothing of its colour. */
const leastCovered = 0.05;

export async function figureFindings(probe: Probe): Promise<Finding[]> {
  const { reply, failure } = await ask(probe, 'figure', figureReplySchema);
  const common = { area: 'figures', what: 'figures without a browser' } as const;
  const remedy = 'npm ci';
  if (reply === undefined) {
    return [{ ...common, state: 'failed', detail: failure ?? '', remedy }];
  }
  const { width, height, covered, milliseconds } = reply;
  const drawn = `drew ${width}×${height} pixels in ${milliseconds.toFixed(0)} ms`;
  if (covered < leastCovered) {
    const detail = `${drawn}, but the bar is not in the picture`;
    return [{ ...common, state: 'failed', detail, remedy }];
  }
  if (failure !== undefined) {
    const detail = `${drawn}; its process ended badly: ${failure}`;
    return [{ ...common, state: 'warning', detail, remedy }];
  }
  return [{ ...common, state: 'ok', detail: drawn, remedy: null }];
}
