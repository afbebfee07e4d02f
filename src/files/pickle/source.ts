/**
 * The bytes of a file one after the other, through a small window. What is asked for is compared with what the file
 * still holds before any memory is taken for it.
 */
import { fstatSync, readSync } from 'node:fs';

const windowSize = 2 ** 16;
/** A single read of more is refused by some systems. */
const largestRead = 2 ** 30;
const newline = 0x0a;

export class ByteSource {
  readonly size: number;
  private readonly window = new Uint8Array(windowSize);
  /** Where in the file the window ends; nothing is in it yet */
  private windowEnd = 0;
  private filled = 0;
  private at = 0;

  /** @throws Error when the descriptor is not of a regular file, whose size would be unknown */
  constructor(private readonly descriptor: number) {
    const status = fstatSync(descriptor);
    if (!status.isFile()) throw new Error('it is no regular file');
    this.size = status.size;
  }

  /** The byte that comes next */
  get position(): number {
    return this.at;
  }

  /** How many bytes follow */
  get left(): number {
    return this.size - this.at;
  }

  byte(): number {
    this.expectLeft(1);
    if (this.at === this.windowEnd) this.slide();
    const value = this.window[this.filled - (this.windowEnd - this.at)]!;
    this.at += 1;
    return value;
  }

  /**
   * Bytes in memory of their own, so that arrays can be laid over them. Many are read straight into it.
   *
   * @throws Error when the file holds fewer
   */
  bytes(count: number): Uint8Array<ArrayBuffer> {
    this.expectLeft(count);
    const bytes = new Uint8Array(count);
    for (let done = 0; done < count;) {
      const wanted = count - done;
      if (this.at === this.windowEnd && wanted < windowSize) this.slide();
      const ready = Math.min(this.windowEnd - this.at, wanted);
      if (ready > 0) {
        const from = this.filled - (this.windowEnd - this.at);
        bytes.set(this.window.subarray(from, from + ready), done);
        this.at += ready;
        done += ready;
      } else {
        const read = this.read(bytes, done, Math.min(wanted, largestRead));
        this.windowEnd = this.at += read;
        this.filled = 0;
        done += read;
      }
    }
    return bytes;
  }

  /**
   * What comes before the next newline, which is passed over.
   *
   * @throws Error when there is none, or the line is longer than `longest`
   */
  line(longest = Infinity): Uint8Array<ArrayBuffer> {
    const start = this.at;
    while (this.byte() !== newline) {
      if (this.at - start > longest) throw new Error(`a line of more than ${longest} bytes`);
      if (this.left === 0) throw new Error('the file ends within a line');
    }
    const end = this.at;
    this.seek(start);
    const line = this.bytes(end - start - 1);
    this.byte();
    return line;
  }

  private seek(position: number): void {
    this.at = position;
    // A line that fits the window is read only once.
    if (position < this.windowEnd - this.filled) {
      this.windowEnd = position;
      this.filled = 0;
    }
  }

  private expectLeft(count: number): void {
    if (count <= this.left) return;
    throw new Error(`the file ends too early: ${count} bytes are announced, ${this.left} are left`);
  }

  private slide(): void {
    this.filled = this.read(this.window, 0, Math.min(windowSize, this.left));
    this.windowEnd = this.at + this.filled;
  }

  private read(target: Uint8Array, offset: number, count: number): number {
    const read = readSync(this.descriptor, target, offset, count, this.at);
    if (read === 0) throw new Error(`the file became shorter than ${this.size} bytes meanwhile`);
    return read;
  }
}
