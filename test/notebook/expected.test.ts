/** Which calls must leave an output, and which may not have been made. */
import assert from 'node:assert/strict';
import { expectedOutputs } from '../../src/notebook/expected.js';

describe('expectedOutputs', () => {
  const imports =
    'import { show, table as rows, exercise, tf } from "mmp"; import * as all from "mmp"; import { display } from "tslab";';
  const expectedOf = (source: string) => expectedOutputs([imports, source])[1];

  const displaying: [string, string][] = [
    ['console.log(1)', 'console.log'],
    ['const a = 1;\nif (a) a;\nawait show(a);', 'show'],
    ['rows(["a"], [])', 'rows'],
    ['all.pictures([], "")', 'all.pictures'],
    ['display.html("<b>")', 'display.html'],
    ['await all.watchRun("run")', 'all.watchRun'],
    ['const done = [show(1)];', 'show'],
    ['{ void show(1); }', 'show'],
    ['try { f(); } catch {} finally { console.table([]); }', 'console.table'],
    ['do { console.log(1); } while (false);', 'console.log'],
    ['exercise("masking", () => console.log(1))', 'exercise'],
    ['for (const x of [show(1)]) f(x);', 'show'],
    ['show(1) && f();', 'show'],
    ['f(`${show(1)}`, { a: show(2) });', 'show'],
  ];
  for (const [source, call] of displaying) {
    it(`of ${JSON.stringify(source)}: ${call}`, () => {
      assert.equal(expectedOf(source), call);
    });
  }

  const silent = [
    'const a = 1;',
    'function f() { show(1); }',
    'const f = () => console.log(1);',
    'class A { a = show(1); }',
    'if (a) show(1); else console.log(1);',
    'for (const x of xs) console.log(x);',
    'for (let i = 0; i < 0; i++) show(i);',
    'while (a) show(1);',
    'try { f(); show(1); } catch { console.log(1); }',
    'a && show(1); a ?? show(1); a ? show(1) : f();',
    'a?.map(show(1));',
    'switch (a) { case 1: show(1); }',
    'other.show(1); tf.show(1);',
    'table(["not", "imported"], []);',
    'a.console.log(1);',
    '// console.log(1)',
    '"console.log(1)"',
    'frame(1)',
  ];
  for (const source of silent) {
    it(`none of ${JSON.stringify(source)}`, () => {
      assert.equal(expectedOf(source), undefined);
    });
  }

  it('knows what is imported from the cell on that imports it', () => {
    const cells = ['show(1)', 'import { show } from "mmp"', 'show(1)'];
    assert.deepEqual(expectedOutputs(cells), [undefined, undefined, 'show']);
  });
});
