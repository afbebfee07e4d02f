/** What turns a text into a row of token ids. */
export interface TextEncoder {
  /** L, ids of every text; shorter ones are padded */
  readonly length: number;
  /** How many different ids there are: 0 … less one */
  readonly vocabularySize: number;
  /** @returns ids [L], and which of them are no padding: 1 or 0 [L] */
  encode(text: string): { readonly ids: Int32Array; readonly mask: Int32Array };
}
