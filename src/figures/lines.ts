/** Curves over a common axis. */
import { layout, methodColours, rounded, type Figure } from './figure.js';

export interface Line {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface LineOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Logarithmic axes */
  readonly logarithmic?: boolean;
  /** Marks the points themselves */
  readonly markers?: boolean;
  readonly width?: number;
  readonly height?: number;
}

/**
 * @throws Error when a line's x and y differ in length
 */
export function lines(series: readonly Line[], options: LineOptions): Figure {
  const { title, xTitle, yTitle, logarithmic = false, markers = false } = options;
  for (const { name, x, y } of series) {
    if (x.length !== y.length) {
      throw new Error(`lines "${name}": ${x.length} x values and ${y.length} y values`);
    }
  }
  const type = logarithmic ? 'log' : 'linear';
  return {
    data: series.map(({ name, x, y }) => ({
      type: 'scatter',
      mode: markers ? 'lines+markers' : 'lines',
      name,
      x: x.map(rounded),
      y: y.map(rounded),
      ...(methodColours[name] ? { line: { color: methodColours[name] } } : {}),
    })),
    layout: layout(title, {
      width: options.width ?? 720,
      height: options.height ?? 420,
      xaxis: { title: { text: xTitle }, type, gridcolor: '#eee' },
      yaxis: { title: { text: yTitle }, type, gridcolor: '#eee' },
      showlegend: series.length > 1,
    }),
  };
}

/** Averages over windows of so many neighbouring values, to see a trend in noisy losses. */
export function smoothed(values: readonly number[], window: number): number[] {
  return values.map((_, index) => {
    const part = values.slice(Math.max(0, index - window + 1), index + 1);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
