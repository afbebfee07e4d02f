import assert from 'node:assert/strict';
import {
  drawMissing,
  formatShares,
  missingTable,
  paperTables,
  parseTable,
  type MissingTable,
} from '../../src/evaluation/missingTables.js';

const modalities = ['openmoji', 'twemoji', 'words'];
const pictures = ['openmoji', 'twemoji'];

/** How many samples lack what. */
function countsOf(table: MissingTable, count: number, seed = 1): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const missing of drawMissing(table, count, seed)) {
    const set = missing.join('+');
    counts[set] = (counts[set] ?? 0) + 1;
  }
  return counts;
}

describe('missing tables', () => {
  it('are read from text, and written as text', () => {
    const table = parseTable('words=0.35,openmoji+twemoji=0.35', modalities);
    assert.deepEqual(table, {
      name: 'missing words 0.35, openmoji+twemoji 0.35',
      shares: [
        { missing: ['words'], share: 0.35 },
        { missing: pictures, share: 0.35 },
      ],
    });
    assert.equal(formatShares(table.shares), 'words 0.35, openmoji+twemoji 0.35');
    assert.deepEqual(parseTable(formatShares(table.shares), modalities), table);
    // Written by another hand, it is the same table with the same draws.
    assert.deepEqual(parseTable(' words = .35 ,twemoji+openmoji 0.350', modalities), table);
  });

  it('have exactly as many samples of each kind as they say', () => {
    const table = parseTable('words=0.35,openmoji+twemoji=0.35', modalities);
    assert.deepEqual(countsOf(table, 100), { words: 35, 'openmoji+twemoji': 35, '': 30 });
    assert.deepEqual(countsOf(table, 3), { words: 1, 'openmoji+twemoji': 1, '': 1 });
    assert.deepEqual(countsOf(table, 0), {});
    // 0.29·100 is 28.999… in floating point, and 0.1 + 0.7 is 0.7999….
    assert.deepEqual(countsOf(parseTable('words=0.29', modalities), 100), { words: 29, '': 71 });
    const sum = countsOf(parseTable('words=0.1,twemoji=0.7', modalities), 10);
    assert.deepEqual(sum, { words: 1, twemoji: 7, '': 2 });
    assert.deepEqual(countsOf(parseTable('words=1', modalities), 7), { words: 7 });
    assert.deepEqual(countsOf(missingTable([], modalities), 7), { '': 7 });
  });

  it('draw samples anew for each seed and each table, each sample equally often', () => {
    const table = parseTable('words=0.5', modalities);
    assert.deepEqual(drawMissing(table, 50, 1), drawMissing(table, 50, 1));
    assert.notDeepEqual(drawMissing(table, 50, 1), drawMissing(table, 50, 2));
    const lacking = (other: MissingTable) => drawMissing(other, 50, 1).map((m) => m.length > 0);
    assert.notDeepEqual(lacking(table), lacking(parseTable('twemoji=0.5', modalities)));

    const seeds = 2000;
    const hits = new Array<number>(10).fill(0);
    for (let seed = 0; seed < seeds; seed++) {
      drawMissing(parseTable('words=0.3', modalities), 10, seed).forEach((missing, sample) => {
        if (missing.length > 0) hits[sample]!++;
      });
    }
    // Each is binomial: 600 of 2000 with a standard deviation of 20.5.
    for (const hit of hits) assert.ok(Math.abs(hit - 600) < 4 * 20.5, hits.join());
  });

  it('are those of Table 3 of the paper', () => {
    const tables = paperTables({ image: pictures, text: ['words'] });
    assert.deepEqual(
      tables.map(({ name, shares }) => [name, formatShares(shares)]),
      [
        ['image 100 %, text 100 %', ''],
        ['image 100 %, text 30 %', 'words 0.7'],
        ['image 100 %, text 0 %', 'words 1'],
        ['image 65 %, text 65 %', 'openmoji+twemoji 0.35, words 0.35'],
        ['image 30 %, text 100 %', 'openmoji+twemoji 0.7'],
        ['image 0 %, text 100 %', 'openmoji+twemoji 1'],
      ],
    );
    // As Lee et al. draw them: ⌊0.7·n⌋ lack something, half of these, rounded down, the image.
    for (let count = 0; count < 300; count++) {
      const drawn = Math.floor((7 * count) / 10);
      const image = Math.floor(drawn / 2);
      const counts = countsOf(tables[3]!, count);
      assert.equal(counts['openmoji+twemoji'] ?? 0, image);
      assert.equal(counts.words ?? 0, drawn - image);
    }
  });

  it('name what is wrong', () => {
    const refuse = (text: string, message: RegExp) => {
      assert.throws(() => parseTable(text, modalities), message);
    };
    refuse('photo=0.5', /missing table "photo 0.5": .*unknown modality "photo"/);
    refuse('words=0.6,twemoji=0.6', /missing table ".*": the shares are together 1.2, more than 1/);
    refuse('openmoji+twemoji+words=0.1', /every modality is missing/);
    refuse('words=1.5', /the share of words must be above 0 and at most 1, got 1.5/);
    refuse('words=0', /the share of words must be above 0 and at most 1, got 0/);
    refuse('openmoji+twemoji=0.1,twemoji+openmoji=0.1', /twemoji\+openmoji is named twice/);
    refuse('words+words=0.1', /"words" is named twice/);
    for (const text of ['', 'words', 'words=x', 'words=-0.1', 'words=0.1 0.2', 'words=0.1,']) {
      refuse(text, /expected parts like words=0.35 or openmoji\+twemoji=0.35, got "/);
    }
    assert.throws(
      () => missingTable([{ missing: [], share: 0.5 }], modalities),
      /nothing is missing in a share of 0.5/,
    );
  });
});
