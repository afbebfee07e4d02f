/** The emoji that both OpenMoji and Twemoji draw, as their npm packages list them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { z } from 'zod';
import { wordsOf } from '../vocabulary.js';

export interface Emoji {
  readonly character: string;
  /** Code points in hexadecimal, as OpenMoji writes them */
  readonly hexcode: string;
  /** Unicode group, one of 10 */
  readonly group: string;
  /** Unicode subgroup, one of 100 */
  readonly subgroup: string;
  readonly annotation: string;
  /** Annotation and tags, each word once */
  readonly words: readonly string[];
  /** SVG files by picture modality */
  readonly files: { readonly openmoji: string; readonly twemoji: string };
}

const load = createRequire(__filename);

/**
 * The folder of an npm package that holds pictures.
 *
 * @throws Error saying what to do when it is not installed
 */
export function packageFolder(name: string): string {
  try {
    return path.dirname(load.resolve(`${name}/package.json`));
  } catch {
    throw new Error(`the package ${name} is not installed; run "npm run setup"`);
  }
}

const listSchema = z.array(
  z.object({
    emoji: z.string(),
    hexcode: z.string(),
    group: z.string(),
    subgroups: z.string(),
    annotation: z.string(),
    tags: z.string(),
    skintone: z.union([z.string(), z.number()]),
  }),
);

/**
 * Every emoji without a skin tone, outside OpenMoji's own extras, that Twemoji draws too: 1,865.
 * Fourteen more (keycaps, © and ®) go by other names in Twemoji, without the leading zeros, and are left
 * out: a keycap's words name its class.
 */
export function emojiCatalogue(): Emoji[] {
  const openmoji = packageFolder('openmoji');
  const twemoji = packageFolder('@twemoji/svg');
  const drawn = new Set(readdirSync(twemoji));
  const listFile = path.join(openmoji, 'data', 'openmoji.json');
  const list = listSchema.safeParse(JSON.parse(readFileSync(listFile, 'utf8')));
  if (!list.success) throw new Error(`${listFile}: ${z.prettifyError(list.error)}`);

  return list.data.flatMap((entry) => {
    if (entry.skintone !== '' || entry.group.startsWith('extras-')) return [];
    // Twemoji sometimes drops the variation selector FE0F from its file names.
    const code = entry.hexcode.toLowerCase();
    const name = [code, code.replaceAll('-fe0f', '')].find((one) => drawn.has(`${one}.svg`));
    const picture = path.join(openmoji, 'color', 'svg', `${entry.hexcode}.svg`);
    if (name === undefined || !existsSync(picture)) return [];
    return {
      character: entry.emoji,
      hexcode: entry.hexcode,
      group: entry.group,
      subgroup: entry.subgroups,
      annotation: entry.annotation,
      words: wordsOf(`${entry.annotation} ${entry.tags}`),
      files: { openmoji: picture, twemoji: path.join(twemoji, `${name}.svg`) },
    };
  });
}
