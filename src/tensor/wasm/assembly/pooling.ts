/** The gradients of the maximum and of the mean over windows of an image. */
import { address, at, integer } from './arguments';
import { loadUpTo, storeUpTo } from './parts';

/**
 * dx, a chunk per sixteen channels of one sample. Arguments: height and width of the input, channels, height
 * and width of the output, of the window, strides down and across, cells of padding above and to the left, x
 * for the maximum or 0 for the mean, dy, dx. `places` are four integers of the thread's own.
 */
export function poolGradient(block: usize, chunk: i32, places: usize): void {
  const inHeight = integer(block, 0);
  const inWidth = integer(block, 1);
  const channels = integer(block, 2);
  const outHeight = integer(block, 3);
  const outWidth = integer(block, 4);
  const groups = (channels + 15) / 16;
  const sample = chunk / groups;
  const first = (chunk % groups) * 16;
  const last = min(first + 16, channels);
  const image = sample * inHeight * inWidth * channels;
  const mean = address(block, 11) == 0;
  const x = at(address(block, 11), image);
  const dx = at(address(block, 13), image);
  let dy = at(address(block, 12), sample * outHeight * outWidth * channels);
  for (let cell = 0; cell < inHeight * inWidth; cell++) {
    for (let i = first; i < last; i += 4) {
      storeUpTo(at(dx, cell * channels), i, channels, f32x4.splat(0));
    }
  }
  for (let row = 0; row < outHeight; row++) {
    const above = row * integer(block, 7) - integer(block, 9);
    const top = max(0, above);
    const bottom = min(inHeight, above + integer(block, 5));
    for (let column = 0; column < outWidth; column++) {
      const before = column * integer(block, 8) - integer(block, 10);
      const left = max(0, before);
      const right = min(inWidth, before + integer(block, 6));
      for (let i = first; i < last; i += 4) {
        if (mean) {
          spread(dx, dy, i, channels, inWidth, top, bottom, left, right);
        } else {
          lead(x, dx, dy, i, channels, inWidth, top, bottom, left, right, places);
        }
      }
      dy = at(dy, channels);
    }
  }
}

/** Each cell of a window gets its part of dy; padding is none of them. */
function spread(
  dx: usize,
  dy: usize,
  i: i32,
  channels: i32,
  inWidth: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
): void {
  const cells = f32x4.splat(<f32>((bottom - top) * (right - left)));
  const part = f32x4.div(loadUpTo(dy, i, channels, 0), cells);
  for (let row = top; row < bottom; row++) {
    for (let cell = row * inWidth + left; cell < row * inWidth + right; cell++) {
      const to = at(dx, cell * channels);
      storeUpTo(to, i, channels, f32x4.add(loadUpTo(to, i, channels, 0), part));
    }
  }
}

/** The first of the largest cells of a window, row by row, gets dy; none does where none is above −∞. */
function lead(
  x: usize,
  dx: usize,
  dy: usize,
  i: i32,
  channels: i32,
  inWidth: i32,
  top: i32,
  bottom: i32,
  left: i32,
  right: i32,
  places: usize,
): void {
  let most = f32x4.splat(-Infinity);
  let place = i32x4.splat(-1);
  for (let row = top; row < bottom; row++) {
    for (let cell = row * inWidth + left; cell < row * inWidth + right; cell++) {
      const value = loadUpTo(at(x, cell * channels), i, channels, 0);
      const larger = f32x4.gt(value, most);
      most = v128.bitselect(value, most, larger);
      place = v128.bitselect(i32x4.splat(cell), place, larger);
    }
  }
  v128.store(places, place);
  for (let channel = i; channel < min(i + 4, channels); channel++) {
    const cell = load<i32>(at(places, channel - i));
    if (cell < 0) continue;
    const to = at(dx, cell * channels + channel);
    store<f32>(to, load<f32>(to) + load<f32>(at(dy, channel)));
  }
}
