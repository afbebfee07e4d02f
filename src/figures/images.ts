/** Images in rows and columns, such as inputs, the truth and what networks answer, with a legend of their colours. */
import { layout, rounded, type Figure } from './figure.js';
import { imageAddress, type RgbImage } from './grid.js';

/** Red, green and blue, 0 … 255 */
export type Colour = readonly [number, number, number];

/** An image in which every class has its colour; what is none of them is black. */
export function classImage(
  classes: ArrayLike<number>,
  { width, height }: Pick<RgbImage, 'width' | 'height'>,
  colours: readonly Colour[],
): RgbImage {
  if (classes.length !== width * height) {
    throw new Error(`classImage: ${classes.length} pixels are not ${width}×${height}`);
  }
  const pixels = new Uint8Array(3 * width * height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    pixels.set(colours[classes[pixel]!] ?? [0, 0, 0], 3 * pixel);
  }
  return { pixels, width, height };
}

export interface ImageRow {
  readonly name: string;
  /** One by column; a column that has nothing here is left free */
  readonly images: readonly (RgbImage | undefined)[];
}

export interface ImagesOptions {
  readonly title: string;
  readonly columns: readonly string[];
  /** What colours stand for */
  readonly legend?: readonly { readonly name: string; readonly colour: Colour }[];
  /** Width of an image in the figure, in pixels */
  readonly side?: number;
}

/** Places around the images: for names of rows, the title and names of columns, and the legend */
const margin = { l: 110, r: 20, t: 90, b: 20 };
const gap = 6;
const legendHeight = 70;

/**
 * @throws Error when a row has not as many images as there are columns, or images are not of one size
 */
export function images(rows: readonly ImageRow[], options: ImagesOptions): Figure {
  const { title, columns, legend = [], side = 96 } = options;
  const all = rows.flatMap(({ images }) => images.filter((image) => image !== undefined));
  const [first] = all;
  if (!first) throw new Error(`images "${title}": there are none`);
  const other = all.find(({ width, height }) => width !== first.width || height !== first.height);
  if (other) {
    throw new Error(
      `images "${title}": ${first.width}×${first.height} and ${other.width}×${other.height} beside each other`,
    );
  }
  for (const { name, images } of rows) {
    if (images.length !== columns.length) {
      throw new Error(
        `images "${title}": ${images.length} in "${name}" for ${columns.length} columns`,
      );
    }
  }

  const height = Math.round((side * first.height) / first.width);
  const across = columns.length * (side + gap);
  const down = rows.length * (height + gap);
  // On sharp screens a pixel of the figure is two.
  const magnified = Math.max(1, Math.round((2 * side) / first.width));
  const place = (column: number, row: number) => ({
    x: rounded((column * (side + gap)) / across),
    y: rounded(1 - (row * (height + gap)) / down),
    xref: 'paper',
    yref: 'paper',
  });
  const hidden = { visible: false, range: [0, 1] };
  return {
    data: legend.map(({ name, colour }) => ({
      type: 'scatter',
      mode: 'markers',
      x: [null],
      y: [null],
      name,
      marker: { color: `rgb(${colour.join(',')})`, size: 12, symbol: 'square' },
    })),
    layout: layout(title, {
      width: across + margin.l + margin.r,
      height: down + margin.t + margin.b + (legend.length > 0 ? legendHeight : 0),
      margin: { ...margin, b: margin.b + (legend.length > 0 ? legendHeight : 0) },
      xaxis: hidden,
      yaxis: hidden,
      showlegend: legend.length > 0,
      legend: { orientation: 'h', x: 0, y: 0, yanchor: 'top' },
      images: rows.flatMap(({ images }, row) =>
        images.flatMap((image, column) =>
          image
            ? [
                {
                  ...place(column, row),
                  source: imageAddress(image, magnified),
                  sizex: rounded(side / across),
                  sizey: rounded(height / down),
                },
              ]
            : [],
        ),
      ),
      annotations: [
        ...columns.map((text, column) => ({
          ...place(column + side / 2 / (side + gap), 0),
          text,
          showarrow: false,
          xanchor: 'center',
          yanchor: 'bottom',
        })),
        ...rows.map(({ name }, row) => ({
          ...place(0, row + height / 2 / (height + gap)),
          text: name,
          showarrow: false,
          xanchor: 'right',
          yanchor: 'middle',
          xshift: -8,
        })),
      ],
    }),
  };
}
