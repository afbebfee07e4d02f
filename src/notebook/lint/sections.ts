/** The headings: a title with the notebook's number, and in the notebooks of stages the same sections. */
import path from 'node:path';
import { headingsOf, type Heading } from './markdown.js';
import { cellsOf, type LintedNotebook, type Violation } from './rule.js';

const stageSections = [
  'Aim',
  'Equation',
  'Toy numbers',
  'Code',
  'Check',
  'Plot',
  'What the paper leaves open',
  'Exercise',
  'Summary',
];

/** The notebooks of stages by number, and which decisions each has to explain. */
const stages: Record<string, readonly string[]> = {
  '02': ['D9', 'D10'],
  '03': ['D7', 'D8'],
  '04': ['D7', 'D8'],
  '05': ['D1'],
  '06': ['D2', 'D3', 'D4'],
  '07': ['D5', 'D6'],
};

interface PlacedHeading extends Heading {
  readonly cell: number;
}

export function* sections(linted: LintedNotebook): Generator<Violation> {
  const number = /^\d\d(?=-)/.exec(path.basename(linted.file))?.[0];
  if (number === undefined) {
    yield { message: 'its name begins with no number, such as 02-masking.ipynb' };
    return;
  }
  const headings = cellsOf(linted.notebook, 'markdown').flatMap(({ cell, source }) =>
    headingsOf(source).map((heading) => ({ ...heading, cell })),
  );
  yield* title(headings, Number(number));
  const decisions = stages[number];
  if (decisions) {
    yield* order(headings.filter(({ level }) => level === 2));
    yield* parts(linted, decisions);
  }
}

/** One heading of the first level, at the very beginning. */
function* title(headings: readonly PlacedHeading[], number: number): Generator<Violation> {
  const [first, ...others] = headings.filter(({ level }) => level === 1);
  if (!(first?.cell === 1 && first.line === 1 && first.text.startsWith(`${number} `))) {
    yield { cell: 1, line: 1, message: `it does not begin with a heading "# ${number} Title"` };
  }
  for (const { cell, line, text } of others) {
    yield { cell, line, message: `"${text}" is a second title` };
  }
}

function* order(headings: readonly PlacedHeading[]): Generator<Violation> {
  const place = stageSections.findIndex((section, index) => headings[index]?.text !== section);
  if (place < 0) {
    for (const { cell, line, text } of headings.slice(stageSections.length)) {
      yield { cell, line, message: `the section "${text}" is one too many` };
    }
    return;
  }
  const expected = `expected the section "${stageSections[place]}" of a stage`;
  const found = headings[place];
  if (!found) yield { message: `${expected} at its end` };
  else yield { cell: found.cell, line: found.line, message: `"${found.text}": ${expected} here` };
}

/** What a stage's sections must hold. */
function* parts({ notebook }: LintedNotebook, decisions: readonly string[]): Generator<Violation> {
  const [text, code] = (['markdown', 'code'] as const).map((kind) =>
    cellsOf(notebook, kind)
      .map(({ source }) => source)
      .join('\n'),
  );
  for (const tag of decisions) {
    if (text!.includes(`**${tag} `)) continue;
    yield { message: `no "**${tag} …**" explains decision ${tag}` };
  }
  if (!code!.includes('assertSame(')) yield { message: 'no assertSame(…) checks it against src' };
  if (!code!.includes('show(')) yield { message: 'no show(…) draws a plot' };
}
