/**
 * The lint of the notebooks: each case is a clean notebook with something wrong in it, and the lint must find
 * that, where it is, and nothing else. `npm test` lints the committed notebooks before the tests.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import {
  notebookText,
  readNotebook,
  type CodeCell,
  type Notebook,
} from '../../src/notebook/format.js';
import { names } from '../../src/notebook/lint/cells.js';
import { fixNotebook } from '../../src/notebook/lint/fix.js';
import { committedNotebooks, lintNotebooks } from '../../src/notebook/lint/lint.js';
import { documentedMethod } from '../../src/notebook/lint/references.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { notebookOf } from '../support/notebooks.js';
import { stageNotebook } from '../support/stage.js';

interface Case {
  readonly name: string;
  /** How the file's name begins; 02 where nothing else is said */
  readonly prefix?: string;
  /** Sources that are others, by cell number */
  readonly cells?: Readonly<Record<number, string>>;
  /** What else is other in the notebook */
  readonly change?: (notebook: Notebook) => void;
  /** What is other in the file */
  readonly text?: (text: string) => string;
  /** Where and what: the lines of the lint without the file's name */
  readonly found: readonly (string | RegExp)[];
}

const code = (notebook: Notebook, cell: number) => notebook.cells[cell - 1] as CodeCell;
const summary = '## What the paper leaves open\n\n## Exercise\n\n## Summary';
/** Cell 4 declares what later cells use. */
const cell4 = 'const counts = [1, 2, 3];\nconst halves = counts.map((count) => count / 2);';
const awaited = 'nobody awaits this promise: begin with "await", or with "void" on purpose';
const unformatted = 'it is not formatted as Prettier would (--fix does it)';
const layout = ': the file is not laid out as Jupyter writes it';

const cases: Case[] = [
  { name: 'nothing', found: [] },

  // What is committed
  {
    name: 'another kernel',
    change: ({ metadata }) => {
      metadata.kernelspec = { name: 'tslab', display_name: 'TypeScript', language: 'typescript' };
    },
    found: [/^: its kernelspec is \{"name":"tslab".*expected \{"name":"mmp"/],
  },
  {
    name: 'outputs',
    change: (notebook) => {
      code(notebook, 4).outputs = [{ output_type: 'stream', name: 'stdout', text: '1\n' }];
    },
    found: [' cell 4: it has outputs'],
  },
  {
    name: 'a count',
    change: (notebook) => {
      code(notebook, 6).execution_count = 3;
    },
    found: [' cell 6: it has the execution count 3'],
  },
  {
    name: 'an id twice',
    change: ({ cells }) => {
      cells[4]!.id = 'cell-2';
    },
    found: [' cell 5: its id "cell-2" is that of cell 2'],
  },
  {
    name: 'widgets',
    change: ({ metadata }) => {
      metadata.widgets = {};
    },
    found: [': its metadata holds the state of widgets'],
  },
  {
    name: 'a large file',
    cells: { 5: `## Code\n\n${'a'.repeat(2_000_000)}` },
    found: [/^: it has 200\d{4} bytes, expected fewer than 2000000$/],
  },
  {
    name: 'sources in one piece',
    text: (text) => JSON.stringify(JSON.parse(text), null, 1).replace('["## Check"]', '"## Check"'),
    found: [layout],
  },
  { name: 'another indent', text: (text) => text.replaceAll('\n ', '\n  '), found: [layout] },
  {
    name: 'keys in another order',
    text: (text) => text.replace(/( "nbformat": 4),\n( "nbformat_minor": 5)/, '$2,\n$1'),
    found: [layout],
  },

  // Headings
  {
    name: 'no number',
    prefix: 'masking',
    found: [': its name begins with no number, such as 02-masking.ipynb'],
  },
  {
    name: 'the number of another',
    cells: { 1: '# 3 Masking\n\n## Aim' },
    found: [' cell 1, line 1: it does not begin with a heading "# 2 Title"'],
  },
  {
    name: 'a title of the second level',
    cells: {
      1: '## 2 Masking',
      3: '## Aim\n\n## Equation\n\n**D9 a** **D10 b**\n\n## Toy numbers',
    },
    found: [
      ' cell 1, line 1: it does not begin with a heading "# 2 Title"',
      ' cell 1, line 1: "2 Masking": expected the section "Aim" of a stage here',
    ],
  },
  {
    name: 'text before the title',
    cells: { 1: 'Welcome.\n\n# 2 Masking\n\n## Aim' },
    found: [' cell 1, line 1: it does not begin with a heading "# 2 Title"'],
  },
  {
    name: 'two titles',
    cells: { 7: '## Check\n\n# Twice' },
    found: [' cell 7, line 3: "Twice" is a second title'],
  },
  {
    name: 'sections in another order',
    cells: { 7: '## Plot', 9: '## Check' },
    found: [' cell 7, line 1: "Plot": expected the section "Check" of a stage here'],
  },
  {
    name: 'a section less',
    cells: { 11: '## What the paper leaves open\n\n## Exercise' },
    found: [': expected the section "Summary" of a stage at its end'],
  },
  {
    name: 'a section more',
    cells: { 11: `${summary}\n\n## More` },
    found: [' cell 11, line 7: the section "More" is one too many'],
  },
  { name: 'sections of no stage', prefix: '08', cells: { 1: '# 8 Runs', 7: '## X' }, found: [] },
  {
    name: 'a decision less',
    cells: { 3: '## Equation\n\n**D9 How**, and D10 in passing.\n\n## Toy numbers' },
    found: [': no "**D10 …**" explains decision D10'],
  },
  {
    name: 'no check',
    cells: { 8: 'console.log(twice(halves[0]), tf.tensor1d(counts));' },
    found: [': no assertSame(…) checks it against src'],
  },
  {
    name: 'no plot',
    cells: { 10: 'console.log(twice(1));' },
    found: [': no show(…) draws a plot'],
  },

  // Imports
  {
    name: 'no library',
    cells: {
      2: "import { PCA } from 'ml-pca';\nawait openNotebook();",
      4: `import { openNotebook, tf, assertSame, show, bars } from 'mmp';\n${cell4}`,
    },
    found: [" cell 2: the first code cell does not import from 'mmp'"],
  },
  {
    name: 'no opening',
    cells: { 2: "import { tf, assertSame, show, bars } from 'mmp';" },
    found: [' cell 2: the first code cell does not end with "await openNotebook();"'],
  },
  {
    name: 'a package of Node',
    cells: { 4: `${cell4}\nimport { cpus } from 'node:os';` },
    found: [' cell 4, line 3: imports "node:os"; allowed are mmp, danfojs-node, ml-pca'],
  },
  {
    name: 'a package at run time',
    cells: { 4: `${cell4}\nconst zod = await import('zod');` },
    found: [' cell 4, line 3: imports "zod"; allowed are mmp, danfojs-node, ml-pca'],
  },
  {
    name: 'no code',
    prefix: '08',
    change: (notebook) => {
      notebook.cells = [{ ...notebook.cells[0]!, source: '# 8 Words' }];
    },
    found: [': it has no code cell'],
  },

  // Places
  ...(
    [
      ['/home/ann/notes.md', "const file = '/home/ann/notes.md';"],
      ['/tmp/x', 'const file = `/tmp/x`;'],
      ['C:\\\\data', "const file = 'C:\\\\data';"],
      ['d:/data', "const file = 'd:/data';"],
      ['~/notes', "const file = '~/notes';"],
      ['file:///etc/hosts', "const file = 'file:///etc/hosts';"],
    ] as const
  ).map(([place, line], index) => ({
    name: `a place on a machine in code, ${index + 1}`,
    cells: { 4: `${cell4}\n${line}` },
    found: [
      ` cell 4, line 3: "${place}" is a place on one machine; write it relative to the notebook`,
    ],
  })),
  {
    name: 'a place on a machine in text',
    cells: { 7: '## Check\n\nIn $x$ C:\\Users\\ann, or\n`/Users/ann`.' },
    found: [/^ cell 7, line 3: "C:\\Users\\ann,"/, /^ cell 7, line 4: "\/Users\/ann"/],
  },

  // Links
  {
    name: 'links that lead nowhere',
    cells: {
      7: [
        '## Check',
        'A [file](none.md) and\n![a picture](none.png)',
        '| a | b |\n| --- | --- |\n| c | [row](none.md) |',
        '<a\nhref="none.md">here</a>',
        '[with a space](other one.md)',
      ].join('\n\n'),
    },
    found: [
      ' cell 7, line 3: the link to none.md: there is no such file',
      ' cell 7, line 4: the link to none.png: there is no such file',
      ' cell 7, line 8: the link to none.md: there is no such file',
      ' cell 7, line 11: the link to none.md: there is no such file',
      ' cell 7, line 13: "[with a space](other one.md)" is meant as a link and is none',
    ],
  },
  {
    name: 'headings that are not there',
    cells: {
      7: '## Check\n\n[1](#Toy-numbers) [2](#toy-numbers) [3](other.ipynb#Toy)\n[4](../data.md#The-data) [5](../data.md#the-data) [6](../a.txt#L1)',
    },
    found: [
      ' cell 7, line 3: the link to #toy-numbers: there is no such heading',
      ' cell 7, line 3: the link to other.ipynb#Toy: there is no such heading',
      ' cell 7, line 4: the link to ../data.md#The-data: there is no such heading',
      ' cell 7, line 4: the link to ../a.txt#L1: there is no such heading',
    ],
  },
  {
    name: 'a heading in what is no notebook',
    cells: { 7: '## Check\n\n[1](03-not-json.ipynb#Aim)' },
    found: [/^ cell 7, line 3: the link to 03-not-json.ipynb#Aim: .*is not a notebook/],
  },

  // Formulas
  {
    name: 'formulas that cannot be set',
    cells: { 7: '## Check\n\nAs $\\frac{1$ and\n$\\nosuch$:\n\n$$\nx^\n$$' },
    found: [
      /^ cell 7, line 3: the formula cannot be set: KaTeX parse error/,
      /^ cell 7, line 4: .*\\nosuch/,
      /^ cell 7, line 6: the formula cannot be set/,
    ],
  },

  // References
  {
    name: 'equations that the method does not have',
    cells: {
      6: 'const twice = (x: number) => 2 * x; // Eqs. (1), (12)',
      7: '## Check\n\nEq. 5 and 6, Eq. 9\nand equations 7–10.',
    },
    found: [
      ' cell 6, line 1: no doc comment below src/mmp names Eq. 12',
      ' cell 7, line 3: no doc comment below src/mmp names Eq. 9',
      ' cell 7, line 4: no doc comment below src/mmp names Eq. 9',
      ' cell 7, line 4: no doc comment below src/mmp names Eq. 10',
    ],
  },
  {
    name: 'decisions that the method does not have',
    cells: { 6: 'const twice = (x: number) => 2 * x; // D11', 7: '## Check\n\n**D0 No.**' },
    found: [
      ' cell 6, line 1: no doc comment below src/mmp names D11',
      ' cell 7, line 3: no doc comment below src/mmp names D0',
    ],
  },

  // Formatting
  {
    name: 'double quotes',
    cells: { 4: `${cell4}\nconsole.log("so");` },
    found: [` cell 4, line 3: ${unformatted}`],
  },
  {
    name: 'a line of 97 columns, which an editor may have',
    cells: { 4: `${cell4}\nconsole.log(${'1, '.repeat(27)}12);` },
    found: [` cell 4, line 3: ${unformatted}`],
  },
  {
    name: 'an empty line at the end',
    cells: { 4: `${cell4}\n` },
    found: [` cell 4, line 3: ${unformatted}`],
  },

  // Syntax and types
  {
    name: 'a cell that does not parse',
    cells: { 4: 'const counts = [1, 2, 3];\nif (counts) {', 8: 'await assertSame(counts);' },
    found: [/ cell 4: Prettier cannot format it: '}' expected/, " cell 4, line 2: '}' expected."],
  },
  {
    name: 'a wrong argument, by a type of another cell',
    cells: { 6: 'const twice = (x: number) => `${x}`;' },
    found: [/^ cell 8, line 1: Argument of type 'string\[\]' is not assignable/],
  },
  {
    name: 'what the library does not have',
    cells: { 10: "await show(bars([], { title: '', labels: [], valueTitle: '', bars: 1 }));" },
    found: [/^ cell 10, line 1: .*'bars' does not exist in type 'BarOptions'/],
  },
  {
    name: 'a type that nothing says',
    cells: { 6: 'const twice = (x) => 2 * x;' },
    found: [" cell 6, line 1: Parameter 'x' implicitly has an 'any' type."],
  },
  {
    name: 'what may be undefined',
    cells: { 6: 'const twice = (x: number) => counts.find((count) => count > x).valueOf();' },
    found: [" cell 6, line 1: Object is possibly 'undefined'."],
  },
  {
    name: 'a global of the tests',
    cells: { 4: `${cell4}\nit('is', () => {});` },
    found: [/^ cell 4, line 3: Cannot find name 'it'/],
  },
  {
    name: 'a name that a later cell declares',
    cells: {
      4: `${cell4}\nconsole.log(new Later());`,
      6: 'class Later {}\nconst twice = (x: number) => x;',
    },
    found: [" cell 4, line 3: Class 'Later' used before its declaration."],
  },
  {
    name: 'silenced types',
    cells: { 4: `${cell4}\n// @ts-expect-error\nconst wrong: string = 1;` },
    found: [' cell 4, line 3: "@ts-expect-error" silences the compiler'],
  },
  {
    name: 'a cell without a last semicolon',
    cells: { 4: cell4.slice(0, -1), 6: '[1, 2].map(String);\nconst twice = (x: number) => x;' },
    found: [` cell 4, line 2: ${unformatted}`],
  },

  // Promises
  {
    name: 'promises that nobody awaits',
    cells: {
      4: `${cell4}
const later = async (x: number) => Promise.resolve(x);
later(1);
later(2).catch(() => {});
counts.map(later);
function inside() {
  if (counts.length > 0) counts[0] > 1 && later(3);
}
void later(4);
let kept = later(5);
kept = later(6);
await later(7);
await Promise.all(counts.map(later));`,
    },
    found: [
      ` cell 4, line 4: ${awaited}`,
      ` cell 4, line 5: ${awaited}`,
      ` cell 4, line 6: ${awaited}`,
      ` cell 4, line 8: ${awaited}`,
    ],
  },
];

describe('the lint of the notebooks', function () {
  this.timeout(60_000);

  let parent: string;
  let folder: string;
  let lines: string[];
  const fileOf = ({ prefix = '02', name }: Case) =>
    `${prefix}-${name.replaceAll(/[^a-z0-9]+/gi, '-')}.ipynb`;
  /** The lines about a file, without its name. */
  const about = (file: string) => {
    const name = path.relative('', path.join(folder, file));
    return lines.filter((line) => line.startsWith(name)).map((line) => line.slice(name.length));
  };

  before(async () => {
    parent = makeFolder();
    folder = path.join(parent, 'notebooks');
    mkdirSync(folder);
    // The notebooks import the library by its name.
    const packages = path.join(projectRoot, 'node_modules');
    symlinkSync(packages, path.join(parent, 'node_modules'), 'junction');
    writeFileSync(path.join(parent, 'a.txt'), '');
    writeFileSync(path.join(parent, 'data.md'), '# The data\n\n## The data');
    writeFileSync(path.join(folder, 'other.ipynb'), notebookText(stageNotebook()));
    writeFileSync(path.join(folder, '03-not-json.ipynb'), '{');
    const python = { ...stageNotebook(), metadata: { kernelspec: { name: 'python3' } } };
    writeFileSync(path.join(folder, '03-python.ipynb'), JSON.stringify(python));
    for (const one of cases) {
      const notebook = stageNotebook(one.cells);
      one.change?.(notebook);
      const text = notebookText(notebook);
      writeFileSync(path.join(folder, fileOf(one)), one.text?.(text) ?? text);
    }
    const files = ['03-not-json.ipynb', '03-none.ipynb', '03-python.ipynb', ...cases.map(fileOf)];
    lines = await lintNotebooks(files.map((file) => path.join(folder, file)));
  });
  after(() => {
    removeFolder(parent);
  });

  for (const one of cases) {
    it(`finds ${one.name}${one.found.length > 0 ? '' : ' wrong with it'}`, () => {
      const found = about(fileOf(one));
      assert.equal(found.length, one.found.length, found.join('\n'));
      for (const [index, expected] of one.found.entries()) {
        if (typeof expected === 'string') assert.equal(found[index], expected);
        else assert.match(found[index]!, expected);
      }
    });
  }

  it('names files that are no notebooks of ours, and goes on', () => {
    assert.match(about('03-not-json.ipynb').join('\n'), /^: it is not a notebook: [^\n]+$/);
    assert.match(about('03-none.ipynb').join('\n'), /^: ENOENT/);
    assert.match(about('03-python.ipynb').join('\n'), /^: it is not a TypeScript notebook:/);
  });

  const lint = (...parameters: string[]) => {
    const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');
    const command = [cli, 'lint-notebooks', ...parameters];
    return spawnSync(process.execPath, command, { cwd: parent, encoding: 'utf8' });
  };

  it('is a command that fails where something is found, and mends what it can', () => {
    const untidy = stageNotebook({ 4: `${cell4.replaceAll(' ', '  ')}\n\n` });
    untidy.metadata = { kernelspec: { name: 'tslab', language: 'typescript' }, widgets: {} };
    Object.assign(untidy.cells[3]!, { outputs: [{ output_type: 'x' }], execution_count: 1 });
    const file = path.join('notebooks', '02-untidy.ipynb');
    writeFileSync(path.join(parent, file), JSON.stringify(untidy));

    const found = lint(file);
    assert.equal(found.status, 1);
    assert.equal(found.stdout, 'notebooks: 1 · violations: 6\n');
    assert.match(found.stderr, /^notebooks.02-untidy\.ipynb cell 4, line 1: it is not formatted/m);

    const mended = lint('--fix', file);
    assert.deepEqual([mended.stderr, mended.status], ['', 0]);
    assert.equal(readFileSync(path.join(parent, file), 'utf8'), notebookText(stageNotebook()));
  });

  it('leaves code that does not parse as it is, and mends the rest', async () => {
    const file = path.join(folder, '02-half.ipynb');
    writeFileSync(file, notebookText(stageNotebook({ 4: 'if  (1) {', 6: 'twice( )' })));
    await fixNotebook(file);
    assert.deepEqual(readNotebook(file), stageNotebook({ 4: 'if  (1) {', 6: 'twice();' }));
    const none = path.join(folder, '03-not-json.ipynb');
    await fixNotebook(none);
    assert.equal(readFileSync(none, 'utf8'), '{');
  });
});

describe('names in notebooks', () => {
  const declarations: [string, string][] = [
    ['const', 'const { a: [x] } = { a: [1] };'],
    ['function', 'function x() {}'],
    ['class', 'class x {}'],
    ['type', 'type x = number;'],
    ['interface', 'interface x {}'],
    ['enum', 'enum x {}'],
    ['import', "import { bars as x } from 'mmp';"],
    ['import of types', "import type { x } from 'mmp';"],
    ['var in a block', '{\n  var x = 1;\n}'],
  ];
  const violations = (notebook: Notebook) => [...names({ file: '', text: '', notebook })];
  for (const [kind, declaration] of declarations) {
    it(`belong to one cell: ${kind}`, () => {
      const notebook = notebookOf('let x = 1;', '', `\n${declaration}`);
      const line = declaration.startsWith('{') ? 3 : 2;
      assert.deepEqual(violations(notebook), [
        { cell: 3, line, message: '"x" is declared in cell 1 already' },
      ]);
    });
  }

  it('may be used again inside functions and blocks', () => {
    assert.deepEqual(violations(notebookOf('let x = 1;', 'for (const x of []) {}\n(x) => x;')), []);
  });
});

describe('the method that notebooks refer to', () => {
  it('has the equations and decisions of the README', () => {
    const numbered = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => `${name}${index + 1}`);
    const expected = [...numbered('Eq. ', 8), ...numbered('D', 10)];
    assert.deepEqual([...documentedMethod()].sort(), expected.sort());
  });
});

describe('the committed notebooks', () => {
  it('are 01 to 13', () => {
    const numbers = committedNotebooks().map((file) => path.basename(file).slice(0, 2));
    const expected = Array.from({ length: 13 }, (_, index) => String(index + 1).padStart(2, '0'));
    assert.deepEqual(numbers, expected);
  });
});
