/**
 * What a terminal shows of a text: after a carriage return the line is written over from its start, and a
 * backspace goes back one place.
 */

/** A character, with the colour codes before and after it, which take no place of their own. */
const place = /(?:\u001b\[[0-9;?]*[A-Za-z])*[^\u001b](?:\u001b\[[0-9;?]*[A-Za-z])*/gu;

export class TerminalText {
  /** All lines but the last; nothing goes back into them */
  private finished = '';
  private line = '';
  /** The last line by place, from the first step back in it on */
  private places: string[] | undefined;
  /** The place that is written next */
  private next = 0;

  get text(): string {
    return this.finished + (this.places?.join('') ?? this.line);
  }

  write(text: string): void {
    // Split at them, because matching what lies between can exceed the stack of regular expressions.
    for (const part of text.split(/([\r\b])/)) {
      if (part === '\r' || part === '\b') this.goBack(part);
      else this.append(part);
    }
  }

  private goBack(by: '\r' | '\b'): void {
    if (!this.places) {
      this.places = this.line.match(place) ?? [];
      this.next = this.places.length;
    }
    this.next = by === '\r' ? 0 : Math.max(0, this.next - 1);
  }

  private append(text: string): void {
    if (this.places) this.writeOver(text);
    else {
      const lastLine = text.lastIndexOf('\n') + 1;
      if (lastLine > 0) {
        this.finished += this.line + text.slice(0, lastLine);
        this.line = '';
      }
      this.line += text.slice(lastLine);
    }
  }

  private writeOver(text: string): void {
    const places = this.places!;
    const end = text.indexOf('\n');
    for (const one of (end < 0 ? text : text.slice(0, end)).match(place) ?? []) {
      places[this.next++] = one;
    }
    if (end < 0) return;
    this.line = places.join('');
    this.places = undefined;
    this.append(text.slice(end));
  }
}
