/** How a kernel reads its arguments: 4-byte numbers one after the other, as ../team.ts wrote them. */

/** The integer, or the address, at a place. */
export function integer(block: usize, place: i32): i32 {
  return load<i32>(block + ((<usize>place) << 2));
}

export function address(block: usize, place: i32): usize {
  return load<usize>(block + ((<usize>place) << 2));
}

export function real(block: usize, place: i32): f32 {
  return load<f32>(block + ((<usize>place) << 2));
}

/** An address that many float32 values further. */
export function at(start: usize, values: i32): usize {
  return start + ((<usize>values) << 2);
}
