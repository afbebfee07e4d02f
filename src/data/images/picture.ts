/** A picture in memory. */
export interface Picture extends PictureSize {
  /** Red, green, blue by rows: [height, width, 3] */
  readonly pixels: Uint8Array;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}
