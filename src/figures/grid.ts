/** Small colour pictures, magnified without smoothing. */
import { createCanvas } from '@napi-rs/canvas';

/** A square colour picture: bytes [size, size, 3]. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly size: number;
}

/** A colour picture of any sides: bytes [height, width, 3]. */
export interface RgbImage {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
}

const scale = 2;
const gap = 4;

/** Rows of pictures of one size as a PNG. */
export function pictureGrid(rows: readonly (readonly Picture[])[]): Buffer {
  const side = scale * (rows[0]?.[0]?.size ?? 0) + gap;
  const columns = Math.max(...rows.map((row) => row.length));
  const canvas = createCanvas(columns * side + gap, rows.length * side + gap);
  const context = canvas.getContext('2d');
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = false;
  rows.forEach((row, down) => {
    row.forEach((picture, right) => {
      const [x, y] = [gap + right * side, gap + down * side];
      const { pixels, size } = picture;
      const canvas = canvasOf({ pixels, width: size, height: size });
      context.drawImage(canvas, x, y, scale * size, scale * size);
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
