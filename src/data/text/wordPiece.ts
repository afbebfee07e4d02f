/**
 * BERT's WordPiece: every word becomes the longest pieces that the vocabulary has, from the left; pieces that go
 * on within a word begin with ##. Ids are the places in the vocabulary.
 */
import { readFileSync } from 'node:fs';
import { bertWords } from './bertWords.js';
import type { TextEncoder } from './encoder.js';

export const specialTokens = {
  padding: '[PAD]',
  unknown: '[UNK]',
  classification: '[CLS]',
  separator: '[SEP]',
  mask: '[MASK]',
} as const;
type SpecialToken = keyof typeof specialTokens;

/** Special tokens may be typed, and are then no words. */
const typed = /(\[(?:PAD|UNK|CLS|SEP|MASK)\])/;

/** Characters of the longest word that is cut; a longer one is unknown. */
const longestWord = 100;

export class WordPiece implements TextEncoder {
  readonly vocabularySize: number;
  /** Ids of the special tokens */
  readonly special: Readonly<Record<SpecialToken, number>>;
  /** Ids of all others, ascending */
  readonly words: readonly number[];
  private readonly ids: ReadonlyMap<string, number>;
  private readonly specialIds: ReadonlySet<number>;

  /**
   * @param vocabulary one token a line, as `readVocabulary` gives it
   * @param length L, with [CLS] and [SEP]
   */
  constructor(
    readonly vocabulary: readonly string[],
    readonly length: number,
  ) {
    if (!(Number.isInteger(length) && length >= 2)) {
      throw new Error(`WordPiece: length must be a whole number from 2 on, got ${length}`);
    }
    this.ids = indexed(vocabulary, 'WordPiece');
    this.vocabularySize = vocabulary.length;
    const special = Object.entries(specialTokens).map(([name, token]) => [
      name,
      this.ids.get(token)!,
    ]);
    this.special = Object.fromEntries(special) as Record<SpecialToken, number>;
    this.specialIds = new Set(Object.values(this.special));
    this.words = [...this.ids.values()].filter((id) => this.isWord(id));
  }

  /** Whether an id is no special token's. */
  isWord(id: number): boolean {
    return !this.specialIds.has(id);
  }

  /** [CLS], the first L − 2 pieces of the text, [SEP], padding. */
  encode(text: string): { readonly ids: Int32Array; readonly mask: Int32Array } {
    const { padding, classification, separator } = this.special;
    const pieces = this.piecesOf(text).slice(0, this.length - 2);
    const ids = new Int32Array(this.length).fill(padding);
    ids.set([classification, ...pieces, separator]);
    const mask = new Int32Array(this.length).fill(1, 0, pieces.length + 2);
    return { ids, mask };
  }

  private piecesOf(text: string): number[] {
    return text.split(typed).flatMap((part) => {
      if (typed.test(part)) return [this.ids.get(part)!];
      return bertWords(part).flatMap((word) => this.cut(word));
    });
  }

  /** The pieces of a word; a place from which no piece is known makes all of it unknown. */
  private cut(word: string): number[] {
    const characters = Array.from(word);
    if (characters.length > longestWord) return [this.special.unknown];
    const pieces: number[] = [];
    let start = 0;
    while (start < characters.length) {
      const prefix = start === 0 ? '' : '##';
      let end = characters.length;
      let id: number | undefined;
      while (end > start && id === undefined) {
        id = this.ids.get(prefix + characters.slice(start, end).join(''));
        if (id === undefined) end--;
      }
      if (id === undefined) return [this.special.unknown];
      pieces.push(id);
      start = end;
    }
    return pieces;
  }
}

/**
 * Reads a vocab.txt: one token a line.
 *
 * @throws Error naming the file, and the line that is empty or there twice, or the special tokens that are absent
 */
export function readVocabulary(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  indexed(lines, file);
  return lines;
}

/** The place of every token. */
function indexed(vocabulary: readonly string[], source: string): Map<string, number> {
  if (vocabulary.length === 0) throw new Error(`${source}: the vocabulary is empty`);
  const ids = new Map<string, number>();
  vocabulary.forEach((token, id) => {
    if (token === '') throw new Error(`${source}: line ${id + 1} is empty`);
    const before = ids.get(token);
    if (before !== undefined) {
      throw new Error(`${source}: "${token}" is on lines ${before + 1} and ${id + 1}`);
    }
    ids.set(token, id);
  });
  const absent = Object.values(specialTokens).filter((token) => !ids.has(token));
  if (absent.length > 0) throw new Error(`${source}: the vocabulary lacks ${absent.join(', ')}`);
  return ids;
}
