/** The exercises: every folded solution passes, every stub is refused, wrong answers get a hint. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import ts from 'typescript';
import { projectRoot } from '../../src/files/paths.js';
import { checkAttempt, type Attempt, type ExerciseName } from '../../src/notebook/exercises.js';
import { readNotebook } from '../../src/notebook/format.js';

const folder = path.join(projectRoot, 'notebooks');
const found = new Map<ExerciseName, { stub: string; solution: string }>();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.ipynb'))) {
  const sources = readNotebook(path.join(folder, file)).cells.map(({ source }) => source);
  const call = /const (\w+) = (.*?) => undefined; .*\nexercise\('(\w+)', \1\)/s;
  const stub = sources.map((source) => call.exec(source)).find((match) => match);
  const solution = /<summary>Solution<\/summary>\s*```typescript\n(.*?)```/s.exec(
    sources.join('\n'),
  );
  if (stub && solution) {
    found.set(stub[3] as ExerciseName, { stub: `${stub[2]} => undefined`, solution: solution[1]! });
  }
}

const evaluate = (source: string): Attempt => {
  const { outputText } = ts.transpileModule(`const attempt = ${source}; attempt`, {});
  return vm.runInThisContext(
    `(() => { ${outputText.replace(/attempt;\s*$/, 'return attempt;')} })()`,
  ) as Attempt;
};

describe('exercises', () => {
  it('are one per stage notebook', () => {
    assert.deepEqual(
      [...found.keys()],
      ['masking', 'aggregate', 'relate', 'refine', 'project', 'align'],
    );
  });
  for (const [name, { stub, solution }] of found) {
    it(`${name}: the notebook's solution passes, its stub does not`, () => {
      assert.deepEqual(
        checkAttempt(name, evaluate(solution)).text.split(',')[0],
        `${name}: solved`,
      );
      assert.deepEqual(checkAttempt(name, evaluate(stub)), {
        solved: false,
        text: `${name}: not solved yet`,
      });
    });
  }

  it('answer a wrong attempt with the case, both values and a hint', () => {
    const { solved, text } = checkAttempt(
      'align',
      (target: number, predicted: number) => predicted - target,
    );
    assert.ok(!solved);
    assert.match(text, /case "a large error": expected -1, got -2. outside ±1/);
    assert.match(
      checkAttempt('align', () => {
        throw new Error('oh');
      }).text,
      /got "an error: oh"/,
    );
    assert.match(checkAttempt('masking', () => NaN).text, /case "two modalities": expected 0.25/);
  });
});
