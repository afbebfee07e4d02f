/** Data sets: what is there of each that src/data knows. */
import path from 'node:path';
import { defaultCache } from '../data/emoji/pictures.js';
import { projectRoot } from '../files/paths.js';
import { ask } from './ask.js';
import { emojiReplySchema } from './checks/emoji.js';
import type { Probe } from './probe.js';
import type { Finding } from './report.js';

export async function dataFindings(probe: Probe): Promise<Finding[]> {
  const { reply, failure } = await ask(probe, 'emoji', emojiReplySchema);
  if (reply === undefined) {
    const detail = failure ?? '';
    return [{ area: 'data', what: 'emoji', state: 'failed', detail, remedy: 'npm ci' }];
  }
  const cache = path.relative(projectRoot, defaultCache);
  const { catalogue, pictures } = reply;
  return [
    findingOf('emoji', 'openmoji, @twemoji/svg', catalogue, 'npm ci'),
    findingOf('emoji pictures', cache, pictures, 'npm run setup', probe.exists(defaultCache)),
  ];
}

type Outcome = { readonly counts: Readonly<Record<string, number>> } | { readonly error: string };

/** @param present whether there is something that an error is about */
function findingOf(
  what: string,
  place: string,
  outcome: Outcome,
  remedy: string,
  present = false,
): Finding {
  if ('error' in outcome) {
    const state = present ? 'failed' : 'missing';
    return { area: 'data', what, state, detail: outcome.error, remedy };
  }
  const counts = Object.entries(outcome.counts).map(([name, count]) => `${count} ${name}`);
  return {
    area: 'data',
    what,
    state: 'ok',
    detail: `${counts.join(', ')}; ${place}`,
    remedy: null,
  };
}
