/**
 * The words of a text as BERT-uncased has them before it cuts them into pieces: without control characters,
 * lower case, without accents; punctuation marks and ideographs are words of their own.
 */

/** Everything of Unicode's category "other", unassigned code points too, but what is space all the same. */
const removed = /(?![\t\n\r])[\p{C}\uFFFD]/gu;

/** The CJK blocks that BERT's authors list; kana and Hangul, which are written with spaces, are not among them. */
const ideograph =
  /[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF\u{20000}-\u{2A6DF}\u{2A700}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu;

/** A punctuation mark, or what stands between two; to BERT all ASCII that is no letter and no digit is one. */
const wordOrMark = /[\p{P}!-/:-@[-`{-~]|[^\s\p{P}!-/:-@[-`{-~]+/gu;

export function bertWords(text: string): string[] {
  return (
    text
      // BERT lowers each character by itself, so a sigma at the end of a word is no final one.
      .replaceAll('Σ', 'σ')
      .toLowerCase()
      .replace(removed, '')
      .replace(ideograph, ' $& ')
      .normalize('NFD')
      .replace(/\p{Mn}/gu, '')
      .match(wordOrMark) ?? []
  );
}
