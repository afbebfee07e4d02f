/** Words as integers: 0 pads, 1 stands for every word that training never showed. */

/** The words of a text, lower case, each once, in order of appearance. */
export function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])];
}

export class Vocabulary {
  static readonly padding = 0;
  static readonly unknown = 1;
  readonly words: readonly string[];
  private readonly indices: ReadonlyMap<string, number>;

  /** @param texts the word lists of the training split, and of nothing else */
  constructor(texts: Iterable<readonly string[]>) {
    this.words = ['', '<unknown>', ...[...new Set([...texts].flat())].sort()];
    this.indices = new Map(this.words.map((word, index) => [word, index]));
  }

  get size(): number {
    return this.words.length;
  }

  /** @returns `length` integers: the first words' indices, then padding */
  encode(words: readonly string[], length: number): Int32Array {
    const encoded = new Int32Array(length).fill(Vocabulary.padding);
    words.slice(0, length).forEach((word, place) => {
      encoded[place] = this.indices.get(word) ?? Vocabulary.unknown;
    });
    return encoded;
  }
}
