/** The outputs of one cell, put together from what the kernel publishes, as nbformat has them. */
import type { KernelOutput } from './kernelOutput.js';
import type { Output } from './format.js';
import { storedData } from './mimeData.js';
import { TerminalText } from './terminalText.js';

/**
 * The most that a cell may leave, in characters as stored; nobody reads more, and a notebook of more opens in
 * no browser. A cell that goes beyond is stopped.
 */
export const outputLimit = 20_000_000;

/** What stands in the notebook where outputs were cut. */
export const cutLine = `[cut here: this cell wrote more than ${outputLimit / 1e6} MB]\n`;

interface Shown {
  output: Output;
  /** In characters */
  size: number;
  readonly displayId?: string | undefined;
  /** Of a stream: what it has written so far */
  readonly written?: TerminalText;
}

export class CellOutputs {
  private readonly shown: Shown[] = [];
  private size = 0;
  private isCut = false;
  private tellCut: () => void = () => undefined;

  /** Settled when the cell has written more than it may */
  readonly tooMuch = new Promise<void>((resolve) => (this.tellCut = resolve));

  get list(): Output[] {
    return this.shown.map(({ output, written }) =>
      written ? { ...output, text: written.text } : output,
    );
  }

  isEmpty(): boolean {
    return this.shown.length === 0;
  }

  /** Adds an output of the cell itself. */
  add({ output, displayId }: KernelOutput): void {
    if (output.output_type === 'stream') this.write(String(output.name), String(output.text));
    else this.put({ ...stored(output), displayId });
  }

  /** Exchanges what was displayed under an id, if it was in this cell. */
  update({ output, displayId }: KernelOutput): void {
    if (displayId === undefined) return;
    for (const shown of this.shown.filter((one) => one.displayId === displayId)) {
      const changed = stored(output);
      if (!this.hasRoom(changed.size - shown.size)) return;
      this.size += changed.size - shown.size;
      Object.assign(shown, changed);
    }
  }

  /** Streams that follow each other are one, and what a terminal would write over is not kept. */
  private write(name: string, text: string): void {
    if (this.isCut) return;
    const kept = text.slice(0, outputLimit - this.size);
    let last = this.shown.at(-1);
    if (!last?.written || last.output.name !== name) {
      last = { output: { output_type: 'stream', name }, size: 0, written: new TerminalText() };
      this.shown.push(last);
    }
    last.written!.write(kept);
    const { length } = last.written!.text;
    this.size += length - last.size;
    last.size = length;
    if (kept.length < text.length) this.cut();
  }

  private put(shown: Shown): void {
    // An error is the reader's best hint, also after the cut.
    const isError = shown.output.output_type === 'error' && shown.size <= outputLimit;
    if (!isError && !this.hasRoom(shown.size)) return;
    this.size += shown.size;
    this.shown.push(shown);
  }

  /** Whether there is room for so many more characters; where there is not, the outputs end here. */
  private hasRoom(more: number): boolean {
    if (!this.isCut && this.size + more > outputLimit) this.cut();
    return !this.isCut;
  }

  private cut(): void {
    this.isCut = true;
    const output = { output_type: 'stream', name: 'stderr', text: cutLine };
    this.shown.push({ output, size: cutLine.length });
    this.tellCut();
  }
}

function stored(output: Output): { output: Output; size: number } {
  const kept = output.data ? { ...output, data: storedData(output.data) } : output;
  return { output: kept, size: JSON.stringify(kept).length };
}
