/** Counts the emoji of the packages, and the pictures in the cache. */
import { z } from 'zod';
import { emojiCatalogue } from '../../data/emoji/catalogue.js';
import { pictureModalities, pictureSize, readPictures } from '../../data/emoji/pictures.js';

const outcomeSchema = z.union([
  z.object({ counts: z.record(z.string(), z.number()) }),
  z.object({ error: z.string() }),
]);
export const emojiReplySchema = z.object({ catalogue: outcomeSchema, pictures: outcomeSchema });
export type EmojiReply = z.infer<typeof emojiReplySchema>;

export function checkEmoji(): EmojiReply {
  return {
    catalogue: outcomeOf(() => {
      const emoji = emojiCatalogue();
      const subgroups = new Set(emoji.map(({ subgroup }) => subgroup)).size;
      return { emoji: emoji.length, subgroups };
    }),
    pictures: outcomeOf(() => {
      const pictures = readPictures();
      const each = pictureSize * pictureSize * 3;
      return Object.fromEntries(
        pictureModalities.map((name) => [name, pictures[name].length / each]),
      );
    }),
  };
}

function outcomeOf(count: () => Record<string, number>): z.infer<typeof outcomeSchema> {
  try {
    return { counts: count() };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
