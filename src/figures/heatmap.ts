/** Matrices as heat maps, one or several side by side. */
import { layout, rounded, scales, type Figure, type Trace } from './figure.js';

export interface Matrix {
  /** What it is, written above it when there are several */
  readonly name?: string;
  /** Rows from top to bottom */
  readonly values: readonly (readonly number[])[];
}

export interface HeatmapOptions {
  readonly title: string;
  /** What the rows are, such as "query" */
  readonly rowTitle: string;
  /** What the columns are, such as "key" */
  readonly columnTitle: string;
  readonly rows?: readonly string[];
  readonly columns?: readonly string[];
  /**
   * `probability`: from 0 to 1; `largest`: from 0 to the largest value; `difference`: two colours, white
   * at zero
   */
  readonly scale?: 'probability' | 'largest' | 'difference';
  /** Writes every value into its cell with so many decimals */
  readonly decimals?: number;
  readonly width?: number;
  readonly height?: number;
}

/** The limits of the colour scale, common to all matrices. */
function limits(matrices: readonly Matrix[], scale: HeatmapOptions['scale']): [number, number] {
  if (scale === 'probability') return [0, 1];
  const largest = Math.max(...matrices.flatMap(({ values }) => values.flat().map(Math.abs)));
  return scale === 'difference' ? [-largest, largest] : [0, largest];
}

/**
 * Heat maps of matrices with the same colours, the first row on top.
 *
 * @throws Error when a matrix is empty, ragged, or larger than 128×128, which nobody can read
 */
export function heatmap(matrices: readonly Matrix[], options: HeatmapOptions): Figure {
  const { title, scale = 'largest' } = options;
  matrices.forEach(({ values, name = title }) => {
    const columns = values[0]?.length ?? 0;
    if (columns === 0 || values.some((row) => row.length !== columns)) {
      throw new Error(
        `heatmap "${name}": rows must be of one length, got ${values.map((r) => r.length).join(', ')}`,
      );
    }
    if (values.length > 128 || columns > 128) {
      throw new Error(
        `heatmap "${name}": at most 128×128 can be read, got ${values.length}×${columns}`,
      );
    }
  });
  const [zmin, zmax] = limits(matrices, scale);
  const width = options.width ?? 720;
  const data = matrices.map(({ values }, index): Trace => {
    const { decimals } = options;
    return {
      type: 'heatmap',
      z: values.map((row) => row.map(rounded)),
      ...(options.columns ? { x: options.columns } : {}),
      ...(options.rows ? { y: options.rows } : {}),
      ...axesOf(index),
      zmin,
      zmax,
      colorscale: scale === 'difference' ? scales.diverging : scales.sequential,
      reversescale: scale === 'difference',
      showscale: index === matrices.length - 1,
      ...(decimals === undefined ? {} : { texttemplate: `%{z:.${decimals}f}` }),
    };
  });
  return {
    data,
    layout: layout(title, {
      width,
      height: options.height ?? 420,
      ...Object.fromEntries(
        matrices.flatMap((matrix, index) => axes(matrix, index, matrices.length, options)),
      ),
      annotations: matrices.length > 1 ? matrices.map(caption(matrices.length)) : [],
    }),
  };
}

/** The two axes of the matrix at `index` of `count`; only the first has its rows named. */
function axes(
  { values }: Matrix,
  index: number,
  count: number,
  { rows, columns, rowTitle, columnTitle }: HeatmapOptions,
): [string, Trace][] {
  const suffix = index === 0 ? '' : String(index + 1);
  const across = {
    ...axis(values[0]!.length, columns),
    title: { text: columnTitle },
    domain: share(index, count),
  };
  const down = {
    ...axis(values.length, rows),
    autorange: 'reversed',
    anchor: `x${suffix}`,
    ...(index === 0 ? { title: { text: rowTitle } } : { showticklabels: false }),
  };
  return [
    [`xaxis${suffix}`, across],
    [`yaxis${suffix}`, down],
  ];
}

/** An axis without lines; places without names are counted in whole numbers. */
function axis(count: number, names: readonly string[] | undefined) {
  const ticks = names ? { automargin: true } : { dtick: Math.ceil(count / 8) };
  return { showgrid: false, zeroline: false, ...ticks };
}

function axesOf(index: number): Trace {
  return index === 0 ? {} : { xaxis: `x${index + 1}`, yaxis: `y${index + 1}` };
}

/** The part of the width that the matrix gets. */
function share(index: number, count: number): [number, number] {
  const gap = count > 1 ? 0.04 : 0;
  const each = (1 - gap * (count - 1)) / count;
  const start = index * (each + gap);
  return [rounded(start), rounded(Math.min(1, start + each))];
}

const caption = (count: number) => (matrix: Matrix, index: number) => {
  const [start, end] = share(index, count);
  return {
    text: matrix.name ?? '',
    x: (start + end) / 2,
    y: 1.02,
    xref: 'paper',
    yref: 'paper',
    xanchor: 'center',
    yanchor: 'bottom',
    showarrow: false,
  };
};
