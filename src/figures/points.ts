/** Maps: points in the plane, by group. */
import { layout, rounded, type Figure } from './figure.js';

export interface PointGroup {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
  /** What each point is, shown when it is pointed at */
  readonly labels?: readonly string[];
  /** A Plotly marker symbol: `circle`, `x`, … */
  readonly symbol?: string;
  readonly colour?: string;
}

export interface PointOptions {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly width?: number;
  readonly height?: number;
}

export function points(groups: readonly PointGroup[], options: PointOptions): Figure {
  const { title, xTitle, yTitle, width = 720, height = 560 } = options;
  return {
    data: groups.map(({ name, points: positions, labels, symbol = 'circle', colour }) => ({
      type: 'scatter',
      mode: 'markers',
      name,
      x: positions.map(([x]) => rounded(x)),
      y: positions.map(([, y]) => rounded(y)),
      ...(labels ? { text: labels, hoverinfo: 'text+name' } : {}),
      marker: { symbol, size: 7, opacity: 0.75, ...(colour ? { color: colour } : {}) },
    })),
    layout: layout(title, {
      width,
      height,
      xaxis: { title: { text: xTitle }, gridcolor: '#eee', zeroline: false },
      yaxis: { title: { text: yTitle }, gridcolor: '#eee', zeroline: false },
    }),
  };
}
