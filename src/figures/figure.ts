/** What a figure is: plain Plotly JSON with a sentence that says what it shows. */

export interface Figure {
  readonly data: readonly Trace[];
  readonly layout: Layout;
}

export type Trace = Readonly<Record<string, unknown>>;

export interface Layout extends Readonly<Record<string, unknown>> {
  readonly width: number;
  readonly height: number;
  /** The one-sentence takeaway: title for those who see the figure, alternative text for those who don't. */
  readonly title: { readonly text: string };
}

/** Sequential scale for probabilities and similarities, diverging scale centred on zero for differences. */
export const scales = { sequential: 'Viridis', diverging: 'RdBu' } as const;

/** One colour per method, the same in every figure (Okabe and Ito's palette, safe for colour blindness). */
export const methodColours: Readonly<Record<string, string>> = {
  pretrained: '#999999',
  dropout: '#E69F00',
  'dropout continued': '#56B4E9',
  'dropout + mmp': '#009E73',
  'pretrained + mmp': '#CC79A7',
};

/** The layout that all figures share. */
export function layout(title: string, options: Partial<Layout> = {}): Layout {
  return {
    width: 720,
    height: 420,
    font: { family: 'DejaVu Sans, Verdana, sans-serif', size: 12 },
    margin: { l: 70, r: 30, t: 70, b: 60 },
    plot_bgcolor: 'white',
    paper_bgcolor: 'white',
    ...options,
    title: { text: title },
  };
}

/** Rounded to four significant digits, which is more than a picture shows. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
