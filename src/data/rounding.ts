/** The nearest whole number, and the even one of two that are as near: as Python, NumPy and OpenCV round. */
export function roundToEven(x: number): number {
  return Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);
}
