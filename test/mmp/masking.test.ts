import assert from 'node:assert/strict';
import { groupByMasked, sampleMasked, splitModalities } from '../../src/mmp/masking.js';
import { stream } from '../../src/tensor/random.js';

const modalities = ['rgb', 'depth', 'thermal', 'words'];

describe('masking: splitModalities', () => {
  it('keeps declared order', () => {
    assert.deepEqual(splitModalities(modalities, ['words', 'depth']), {
      available: ['rgb', 'thermal'],
      masked: ['depth', 'words'],
    });
  });

  it('refuses unknown, repeated and all', () => {
    assert.throws(
      () => splitModalities(modalities, ['audio']),
      /unknown modality "audio"; the modalities are rgb, depth, thermal, words/,
    );
    assert.throws(() => splitModalities(modalities, ['rgb', 'rgb']), /"rgb" is named twice/);
    assert.throws(() => splitModalities(modalities, modalities), /every modality is missing/);
  });
});

describe('masking: sampleMasked (D9)', () => {
  const draw = (policy: Parameters<typeof sampleMasked>[1], count: number) => {
    const random = stream(1, 'masking');
    return Array.from({ length: count }, () => sampleMasked(modalities, policy, random));
  };

  it('uniform: k ~ Uniform{0 … M−1}, then every set of that size alike, never all', () => {
    const draws = draw({ kind: 'uniform' }, 24_000);
    const counts = new Map<string, number>();
    for (const masked of draws) counts.set(masked.join(), (counts.get(masked.join()) ?? 0) + 1);
    // 1 + 4 + 6 + 4 sets: all but the one in which everything is missing.
    assert.equal(counts.size, 15);
    const sizes = [1, 4, 6, 4];
    let statistic = 0;
    for (const [key, count] of counts) {
      const size = key === '' ? 0 : key.split(',').length;
      const expected = draws.length / 4 / sizes[size]!;
      statistic += (count - expected) ** 2 / expected;
    }
    // Chi-squared with 14 degrees of freedom stays below 36.1 in 999 of 1,000 cases.
    assert.ok(statistic < 36.1, `chi-squared ${statistic}`);
  });

  it('independent: each with its probability, never all', () => {
    const probability = { rgb: 0.9, depth: 0.9, thermal: 0.9, words: 0 };
    const draws = draw({ kind: 'independent', probability }, 5000);
    const share = (name: string) => draws.filter((m) => m.includes(name)).length / draws.length;
    assert.ok(Math.abs(share('rgb') - 0.9) < 0.015);
    assert.equal(share('words'), 0);
    const always = { rgb: 0.95, depth: 0.95, thermal: 0.95, words: 0.95 };
    const all = draw({ kind: 'independent', probability: always }, 500);
    assert.ok(all.every((masked) => masked.length < modalities.length));
  });

  it('scenarios: one of the list', () => {
    const masked = [['words', 'rgb'], []];
    const draws = draw({ kind: 'scenarios', masked }, 200).map((names) => names.join());
    assert.deepEqual([...new Set(draws)].sort(), ['', 'rgb,words']);
  });

  it('repeats itself under the same seed', () => {
    assert.deepEqual(draw({ kind: 'uniform' }, 20), draw({ kind: 'uniform' }, 20));
  });

  it('names what is wrong with a policy', () => {
    const half = { rgb: 0.5, depth: 0.5, thermal: 0.5, words: 0.5 };
    const sample = (policy: Parameters<typeof sampleMasked>[1]) => () => draw(policy, 1);
    const independent = (probability: Record<string, number>) =>
      sample({ kind: 'independent', probability });
    assert.throws(independent({ ...half, audio: 0.5 }), /unknown modality "audio"/);
    assert.throws(
      independent({ ...half, rgb: 1.5 }),
      /probability of "rgb" must be in \[0, 1\], got 1.5/,
    );
    assert.throws(
      independent({ rgb: 0.5 }),
      /probability of "depth" must be in \[0, 1\], got undefined/,
    );
    const certain = Object.fromEntries(modalities.map((name) => [name, 1]));
    assert.throws(independent(certain), /every modality is missing/);
    assert.throws(sample({ kind: 'scenarios', masked: [] }), /list of scenarios is empty/);
    assert.throws(sample({ kind: 'scenarios', masked: [modalities] }), /every modality is missing/);
  });
});

describe('masking: groupByMasked (D10)', () => {
  it('puts samples with the same missing modalities together', () => {
    const groups = groupByMasked(modalities, [['rgb'], [], ['words', 'rgb'], ['rgb', 'words'], []]);
    assert.deepEqual(groups, [
      { masked: ['rgb'], samples: [0] },
      { masked: [], samples: [1, 4] },
      { masked: ['rgb', 'words'], samples: [2, 3] },
    ]);
  });
});
