/** Grouped bars with error bars. */
import { layout, methodColours, rounded, type Figure } from './figure.js';

export interface BarSeries {
  readonly name: string;
  readonly values: readonly number[];
  /** Half the length of each error bar */
  readonly errors?: readonly number[];
}

export interface BarOptions {
  readonly title: string;
  /** What stands along the bottom, one label per value */
  readonly labels: readonly string[];
  readonly labelTitle?: string;
  readonly valueTitle: string;
  readonly range?: readonly [number, number];
  readonly width?: number;
  readonly height?: number;
}

/**
 * @throws Error when a series has another number of values than there are labels
 */
export function bars(series: readonly BarSeries[], options: BarOptions): Figure {
  const { title, labels, labelTitle = '', valueTitle, range, width = 720, height = 420 } = options;
  for (const { name, values } of series) {
    if (values.length !== labels.length) {
      throw new Error(`bars "${name}": ${values.length} values for ${labels.length} labels`);
    }
  }
  return {
    data: series.map(({ name, values, errors }) => ({
      type: 'bar',
      name,
      x: labels,
      y: values.map(rounded),
      ...(errors ? { error_y: { type: 'data', array: errors.map(rounded), thickness: 1 } } : {}),
      ...(methodColours[name] ? { marker: { color: methodColours[name] } } : {}),
    })),
    layout: layout(title, {
      width,
      height,
      barmode: 'group',
      xaxis: { title: { text: labelTitle }, automargin: true, type: 'category' },
      yaxis: { title: { text: valueTitle }, gridcolor: '#eee', ...(range ? { range } : {}) },
      showlegend: series.length > 1,
    }),
  };
}
