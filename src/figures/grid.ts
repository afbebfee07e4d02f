/** Small colour pictures, magnified without smoothing. */
import { createCanvas } from '@napi-rs/canvas';

/** A colour picture: bytes [height, width, 3]. */
export interface RgbImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A square one: bytes [size, size, 3] */
export interface SquareImage {
  readonly pixels: Uint8Array;
  readonly size: number;
}

const withSides = (image: RgbImage | SquareImage): RgbImage =>
  'size' in image ? { pixels: image.pixels, width: image.size, height: image.size } : image;

const scale = 2;
const gap = 4;

/** Rows of pictures of one size as a PNG. */
export function pictureGrid(rows: readonly (readonly (RgbImage | SquareImage)[])[]): Buffer {
  const images = rows.map((row) => row.map(withSides));
  const { width = 0, height = 0 } = images[0]?.[0] ?? {};
  const columns = Math.max(...images.map((row) => row.length));
  const place = (count: number, side: number) => gap + count * (scale * side + gap);
  const canvas = createCanvas(place(columns, width), place(images.length, height));
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  images.forEach((row, down) => {
    row.forEach((image, right) => {
      const [x, y] = [place(right, width), place(down, height)];
      context.drawImage(canvasOf(image), x, y, scale * width, scale * height);
    });
  });
  return canvas.toBuffer('image/png');
}

/** An image magnified so many times without smoothing, as a PNG in an address that figures take. */
export function imageAddress(image: RgbImage, magnified: number): string {
  const canvas = createCanvas(magnified * image.width, magnified * image.height);
  const context = canvas.getContext('2d');
  context.imageSmoothingEnabled = false;
  context.drawImage(canvasOf(image), 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}

function canvasOf({ pixels, width, height }: RgbImage) {
  const canvas = createCanvas(width, height);
  const context = canvas.getContext('2d');
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < width * height; pixel++) {
    image.data.set([...pixels.subarray(3 * pixel, 3 * pixel + 3), 255], 4 * pixel);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
