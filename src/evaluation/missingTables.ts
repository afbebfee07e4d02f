/**
 * Missing tables: in testing, each sample lacks modalities of its own (D10). A table says of which share of the
 * samples what is missing; which samples those are, a seed decides.
 */
import { splitModalities } from '../mmp/masking.js';
import { stream } from '../tensor/random.js';

/** A share of the samples, in 0 … 1, and what each of them lacks. */
export interface MissingShare {
  readonly missing: readonly string[];
  readonly share: number;
}

export interface MissingTable {
  /** What reports call it */
  readonly name: string;
  /** The other samples lack nothing. */
  readonly shares: readonly MissingShare[];
  /** Per sample, the modalities it lacks, where that is given and no seed decides it */
  readonly missing?: readonly (readonly string[])[];
}

/** Sums and products of shares are right but for rounding. */
const rounding = 1e-9;

/** Shares as text: `words 0.35, openmoji+twemoji 0.35`. */
export function formatShares(shares: readonly MissingShare[]): string {
  return shares.map(({ missing, share }) => `${missing.join('+')} ${share}`).join(', ');
}

/**
 * A table from text: `words=0.35,openmoji+twemoji=0.35`, or with spaces as `formatShares` writes it.
 *
 * @throws Error naming what is wrong, as `missingTable` does, or where the text is no such list
 */
export function parseTable(text: string, modalities: readonly string[]): MissingTable {
  const shares = text.split(',').map((part) => {
    const [, names, share] = /^([^\s=]+)(?:\s*=\s*|\s+)(\d*\.?\d+)$/.exec(part.trim()) ?? [];
    if (names === undefined) {
      throw new Error(
        `missing table "${text}": expected parts like words=0.35 or openmoji+twemoji=0.35, got "${part}"`,
      );
    }
    return { missing: names.split('+'), share: Number(share) };
  });
  return missingTable(shares, modalities);
}

/**
 * A table of these shares.
 *
 * @param name by default, `missing ` and the shares
 * @throws Error when a modality is unknown, a set of them is named twice or holds all of them, a share is not
 *   in 0 … 1, or shares are together more than 1
 */
export function missingTable(
  shares: readonly MissingShare[],
  modalities: readonly string[],
  name?: string,
): MissingTable {
  try {
    const inOrder = checkedShares(shares, modalities);
    return { name: name ?? `missing ${formatShares(inOrder)}`, shares: inOrder };
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`missing table "${formatShares(shares)}": ${message}`, { cause: error });
  }
}

/** The shares with their modalities in declared order. */
function checkedShares(
  shares: readonly MissingShare[],
  modalities: readonly string[],
): MissingShare[] {
  const known = new Set<string>();
  const inOrder = shares.map(({ missing, share }) => {
    const set = missing.join('+');
    if (missing.length === 0) throw new Error(`nothing is missing in a share of ${share}`);
    if (!(share > 0 && share <= 1)) {
      throw new Error(`the share of ${set} must be above 0 and at most 1, got ${share}`);
    }
    const { masked } = splitModalities(modalities, missing);
    if (known.has(masked.join())) throw new Error(`${set} is named twice`);
    known.add(masked.join());
    return { missing: masked, share };
  });
  const total = shares.reduce((sum, { share }) => sum + share, 0);
  if (total > 1 + rounding) throw new Error(`the shares are together ${total}, more than 1`);
  return inOrder;
}

/**
 * What each sample lacks. Samples are drawn without replacement. Of n samples the first k shares s get
 * ⌊n·(s_1 + … + s_k)⌋ together: the first ⌊n·s_1⌋, and every other as many or one more. A table that says it of
 * each sample stays as it is.
 *
 * @param count n
 * @returns per sample, the modalities it lacks
 */
export function drawMissing(
  { shares, missing }: MissingTable,
  count: number,
  seed: number,
): readonly (readonly string[])[] {
  if (missing) return missing;
  const order = stream(seed, `missing table/${formatShares(shares)}`).shuffled(
    Array.from({ length: count }, (_, sample) => sample),
  );
  const result = Array.from({ length: count }, (): readonly string[] => []);
  let [sum, start] = [0, 0];
  for (const { missing: lacking, share } of shares) {
    sum += share;
    const end = Math.floor(count * sum + rounding);
    for (const sample of order.slice(start, end)) result[sample] = lacking;
    start = end;
  }
  return result;
}

/** The shares without an image and without text of the paper's Table 3, in its order. */
const table3 = [
  [0, 0],
  [0, 0.7],
  [0, 1],
  [0.35, 0.35],
  [0.7, 0],
  [1, 0],
] as const;

/**
 * The rows of the paper's Table 3, named by what is available: `image 65 %, text 65 %`. Where the image is
 * missing, all modalities of that kind are; no sample lacks both. As in the code of Lee et al. (2023), of the
 * ⌊0.7·n⌋ samples that lack one of both, half, rounded down, lack the image.
 *
 * @param kinds which modalities are images and which texts, together all of them
 */
export function paperTables(kinds: {
  readonly image: readonly string[];
  readonly text: readonly string[];
}): MissingTable[] {
  const modalities = [...kinds.image, ...kinds.text];
  const available = (missing: number) => `${Math.round(100 * (1 - missing))} %`;
  return table3.map(([image, text]) =>
    missingTable(
      [
        { missing: kinds.image, share: image },
        { missing: kinds.text, share: text },
      ].filter(({ share }) => share > 0),
      modalities,
      `image ${available(image)}, text ${available(text)}`,
    ),
  );
}
