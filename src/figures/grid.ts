/** Small colour pictures in rows, magnified without smoothing. */
import { createCanvas } from '@napi-rs/canvas';

/** A square colour picture: bytes [size, size, 3]. */
export interface Picture {
  readonly pixels: Uint8Array;
  readonly size: number;
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
      context.drawImage(canvasOf(picture), x, y, scale * picture.size, scale * picture.size);
    });
  });
  return canvas.toBuffer('image/png');
}

function canvasOf({ pixels, size }: Picture) {
  const canvas = createCanvas(size, size);
  const context = canvas.getContext('2d');
  const image = context.createImageData(size, size);
  for (let pixel = 0; pixel < size * size; pixel++) {
    image.data.set([...pixels.subarray(3 * pixel, 3 * pixel + 3), 255], 4 * pixel);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
