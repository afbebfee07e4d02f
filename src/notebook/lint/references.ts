/** Equations and decisions that a notebook refers to and that the method does not have. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/paths.js';
import { matchesIn, type Rule } from './rule.js';

/**
 * @param known what can be referred to: `Eq. 2`, `D9`
 */
export const references = (known: ReadonlySet<string>): Rule =>
  function* ({ notebook }) {
    for (const [index, { source }] of notebook.cells.entries()) {
      for (const { name, line } of referencesIn(source)) {
        if (known.has(name)) continue;
        yield { cell: index + 1, line, message: `no doc comment below src/mmp names ${name}` };
      }
    }
  };

/** What the doc comments below src/mmp name. */
export function documentedMethod(): Set<string> {
  const folder = path.join(projectRoot, 'src', 'mmp');
  const comments = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => readFileSync(path.join(folder, name), 'utf8').match(docComment) ?? [])
    .map((comment) => comment.replace(/\n *\*/g, ''));
  return new Set(comments.flatMap((text) => [...referencesIn(text)].map(({ name }) => name)));
}

const docComment = /\/\*\*.*?\*\//gs;

/** `Eq. 2`, `Eq. 5 and 6`, `Equation 2–6`, `Eqs. (5), (6)` */
const equations = /\bEq(?:s?\.|uations?)\s*(\(?\d+\)?(?:\s*(?:,|–|-|and|or)\s*\(?\d+\)?)*)/gi;

/** `D9`; what follows `#` is a colour. */
const decisions = /(?<!#)\bD\d+\b/g;

function* referencesIn(text: string): Generator<{ name: string; line: number }> {
  for (const { match, line } of matchesIn(text, equations)) {
    for (const number of numbersIn(match[1]!)) yield { name: `Eq. ${number}`, line };
  }
  for (const { match, line } of matchesIn(text, decisions)) yield { name: match[0], line };
}

/** The numbers of a list, in which `2–4` are three. */
function numbersIn(list: string): number[] {
  return [...list.matchAll(/(\d+)\)?(?:\s*[–-]\s*\(?(\d+))?/g)].flatMap(([, from, to = from]) =>
    Array.from({ length: Number(to) - Number(from) + 1 }, (_, place) => Number(from) + place),
  );
}
