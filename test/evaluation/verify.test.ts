import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readGolden } from '../../src/evaluation/golden.js';
import { limits, verify, verifyCase, worstOf, type Outcome } from '../../src/evaluation/verify.js';
import { outcomeText, verdict } from '../../src/evaluation/verifyReport.js';
import { projectRoot } from '../../src/files/paths.js';
import {
  readSafetensors,
  writeSafetensors,
  type StoredTensor,
} from '../../src/files/safetensors.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { goldenFolder } from '../support/fixtures.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { assertSteady } from '../support/leaks.js';

/** Golden cases outside the repository, which the fixtures were copied from. */
const shared = path.join(
  process.env.MMP_SHARED ?? path.join(projectRoot, '..', 'shared'),
  'golden',
  'mmp',
);
const triple = ['config.json', 'parameters.safetensors', 'case.safetensors'];

async function outcomesOf(...places: string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for await (const outcome of verify(places)) outcomes.push(outcome);
  return outcomes;
}

/** A copy of some cases of the fixtures in a new folder. */
function copyOf(folder: string, ...names: string[]): string {
  mkdirSync(folder);
  for (const name of names) {
    for (const ending of triple) {
      const file = `${name}.${ending}`;
      cpSync(path.join(goldenFolder, file), path.join(folder, file));
    }
  }
  return folder;
}

/** Changes the tensors of a safetensors file. */
function edit(file: string, change: (tensors: Map<string, StoredTensor>) => void): void {
  const { tensors } = readSafetensors(file);
  change(tensors);
  writeSafetensors(file, tensors);
}

/** Changes the configuration of a case. */
function configure(file: string, changes: Record<string, unknown>): void {
  const config = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...config, ...changes }));
}

const largestOf = ({ values }: StoredTensor) => Math.max(...[...values].map(Math.abs));

describe('verification against golden cases', () => {
  let parent: string;
  let count = 0;
  let limit: number;
  const fresh = () => path.join(parent, `copy-${count++}`);
  before(() => {
    parent = makeFolder();
    limit = limits[describeBackend().name];
  });
  after(() => {
    removeFolder(parent);
  });

  it('passes on every case of the fixtures, in order', async () => {
    const outcomes = await outcomesOf(goldenFolder);
    assert.deepEqual(
      outcomes.map(({ prefix }) => path.basename(prefix)),
      [
        'aggregated_equal',
        'aggregated_uneven',
        'four_mask_two',
        'none_masked',
        'two_equal',
        'uneven',
        'uneven_one',
      ],
    );
    for (const outcome of outcomes) {
      assert.ok(worstOf(outcome) <= limit, outcomeText(outcome, limit));
    }
  });

  it('passes on every case of the shared folder', async function () {
    if (!existsSync(shared)) {
      this.test!.title += ` (skipped: ${shared} is absent)`;
      this.skip();
    }
    const outcomes = await outcomesOf(shared);
    assert.ok(outcomes.length > 0);
    for (const outcome of outcomes) {
      assert.ok(worstOf(outcome) <= limit, outcomeText(outcome, limit));
    }
  });

  it('takes one case by its path without the endings', async () => {
    const prefix = path.join(goldenFolder, 'two_equal');
    assert.deepEqual(
      (await outcomesOf(prefix)).map((outcome) => outcome.prefix),
      [prefix],
    );
  });

  // One of each kind.
  const names = [
    'aggregated.m0',
    'aggregate_attention.m0',
    'related.m0.m1',
    'refined.m2.m1',
    'projected.m1',
    'alignment_loss',
    'gradient.project.m1.hidden.weight',
    'gradient.aggregate.m0.value.weight',
    'gradient.resample.m2.m1.bias',
  ];
  for (const name of names) {
    it(`notices a wrong ${name} just above the limit, and not just below`, async () => {
      const prefix = path.join(copyOf(fresh(), 'uneven_one'), 'uneven_one');
      const file = `${prefix}.case.safetensors`;
      // What the method makes is a little off itself, so the change starts from there.
      const row = (await verifyCase(readGolden(prefix))).find((each) => each.name === name)!;
      assert.equal(row.floored, false);
      const { shape, values } = readSafetensors(file).tensors.get(name)!;
      for (const [share, passes] of [
        [0.99, true],
        [1.01, false],
      ] as const) {
        edit(file, (tensors) => {
          // In float64 and from what the method makes there, so that no rounding decides.
          const wrong = Float64Array.from(values);
          wrong[row.index] = row.actual + share * limit * row.scale;
          tensors.set(name, { shape, values: wrong });
        });
        const outcome = (await outcomesOf(prefix))[0]!;
        const worst = worstOf(outcome);
        assert.equal(worst <= limit, passes, `${share} of the limit: ${worst}`);
        const failing = outcomeText(outcome, limit)
          .split('\n')
          .filter((line) => line.includes('FAIL'));
        assert.deepEqual(
          failing.map((line) => line.trim().split(' ')[0]),
          passes ? [] : [name],
        );
      }
    });
  }

  it('notices a gradient where none flows', async () => {
    const prefix = path.join(copyOf(fresh(), 'uneven_one'), 'uneven_one');
    // Measured against a millionth of the largest entry of the whole gradient, which is 0.016.
    for (const [value, passes] of [
      [1e-14, true],
      [1e-11, false],
    ] as const) {
      edit(`${prefix}.case.safetensors`, (tensors) => {
        const gradient = tensors.get('gradient.project.m0.hidden.weight')!;
        assert.ok(largestOf(gradient) <= 1e-13);
        gradient.values[3] = value;
      });
      assert.equal(worstOf((await outcomesOf(prefix))[0]!) <= limit, passes);
    }
  });

  it('fails where the method makes something that is not finite', async () => {
    const prefix = path.join(copyOf(fresh(), 'two_equal'), 'two_equal');
    edit(`${prefix}.parameters.safetensors`, (tensors) => {
      tensors.get('aggregate.m0.value.weight')!.values.fill(3e38);
    });
    const outcome = (await outcomesOf(prefix))[0]!;
    assert.ok(!('failure' in outcome));
    assert.equal(worstOf(outcome), Infinity);
    assert.match(outcomeText(outcome, limit), /aggregated\.m0 .*FAIL .*(NaN|Infinity)/);
  });

  it('keeps no tensor, whatever comes of a case', async () => {
    const folder = copyOf(fresh(), 'two_equal', 'none_masked', 'uneven');
    edit(path.join(folder, 'uneven.parameters.safetensors'), (tensors) => {
      tensors.delete('aggregated.m0');
    });
    edit(path.join(folder, 'two_equal.case.safetensors'), (tensors) => {
      tensors.delete('projected.m1');
    });
    await assertSteady(() => outcomesOf(folder));
  });

  describe('refuses', () => {
    type Damage = (prefix: string) => void;
    const config = (changes: Record<string, unknown>): Damage => {
      return (prefix) => {
        configure(`${prefix}.config.json`, changes);
      };
    };
    const tensorsOf = (
      ending: string,
      change: (tensors: Map<string, StoredTensor>) => void,
    ): Damage => {
      return (prefix) => {
        edit(`${prefix}.${ending}.safetensors`, change);
      };
    };
    const damages: [string, Damage, RegExp][] = [
      ...triple.map((ending): [string, Damage, RegExp] => [
        `a triple without its ${ending}`,
        (prefix) => {
          rmSync(`${prefix}.${ending}`);
        },
        new RegExp(`uneven is incomplete: no .*uneven\\.${ending}$`),
      ]),
      ...['parameters', 'case'].map((ending): [string, Damage, RegExp] => [
        `truncated ${ending}`,
        (prefix) => {
          const file = `${prefix}.${ending}.safetensors`;
          writeFileSync(file, readFileSync(file).subarray(0, -5));
        },
        new RegExp(`uneven\\.${ending}\\.safetensors is not a whole safetensors file: truncated`),
      ]),
      [
        'a configuration that is not JSON',
        (prefix) => {
          writeFileSync(`${prefix}.config.json`, '{"width": ');
        },
        /uneven\.config\.json: .*JSON/,
      ],
      ['an unknown key', config({ colour: 1 }), /config\.json: .*"colour"/],
      [
        'an absent key',
        config({ width: undefined }),
        /config\.json: width: .*expected number, received undefined/,
      ],
      [
        'a key of another type',
        config({ heads: '2' }),
        /config\.json: heads: .*expected number, received string/,
      ],
      ['another variant', config({ refine: 'both' }), /config\.json: refine: .*tokens.*aggregated/],
      [
        'heads that do not divide the width',
        config({ heads: 3 }),
        /config\.json: MMP heads: 3 does not divide the width 16/,
      ],
      [
        'an unknown masked modality',
        config({ masked: ['m7'] }),
        /config\.json: .*unknown modality "m7"; the modalities are m0, m1, m2/,
      ],
      [
        'every modality masked',
        config({ masked: ['m0', 'm1', 'm2'] }),
        /config\.json: .*every modality is missing/,
      ],
      [
        'another batch',
        config({ batch: 4 }),
        /case\.safetensors: .*tokens\.m0 must be \[B=4, 6, 12\], got \[3, 6, 12\]/,
      ],
      [
        'parameters under other names',
        tensorsOf('parameters', (tensors) => {
          tensors.set('foreign', tensors.get('aggregated.m0')!);
          tensors.delete('aggregated.m0');
        }),
        /parameters\.safetensors: .*missing aggregated\.m0; unknown foreign/,
      ],
      [
        'parameters of other shapes',
        tensorsOf('parameters', (tensors) => {
          tensors.set('aggregated.m0', { shape: [16, 8], values: new Float32Array(128) });
        }),
        /parameters\.safetensors: .*"aggregated\.m0" must be \[8, 16\], got \[16, 8\]/,
      ],
      [
        'parameters that are not finite',
        tensorsOf('parameters', (tensors) => {
          tensors.get('aggregated.m0')!.values[2] = NaN;
        }),
        /parameters\.safetensors: .*"aggregated\.m0" holds NaN at index 2/,
      ],
      [
        'a case without tokens',
        tensorsOf('case', (tensors) => {
          tensors.delete('tokens.m2');
        }),
        /case\.safetensors: no "tokens\.m2"/,
      ],
      [
        'tokens of another shape',
        tensorsOf('case', (tensors) => {
          tensors.set('tokens.m1', { shape: [3, 9, 2], values: new Float32Array(54) });
        }),
        /case\.safetensors: .*tokens\.m1 must be \[B=3, 9, 16\], got \[3, 9, 2\]/,
      ],
      [
        'a case without a tensor that the method makes',
        tensorsOf('case', (tensors) => {
          tensors.delete('related.m1.m0');
        }),
        /case\.safetensors: missing related\.m1\.m0; unknown none/,
      ],
      [
        'a case with a tensor that the method does not make',
        tensorsOf('case', (tensors) => {
          tensors.set('tokens.m9', tensors.get('tokens.m0')!);
        }),
        /case\.safetensors: missing none; unknown tokens\.m9/,
      ],
      [
        'expected values of another shape',
        tensorsOf('case', (tensors) => {
          tensors.set('projected.m0', { shape: [1], values: new Float32Array(1) });
        }),
        /case\.safetensors: "projected\.m0" must be \[3, 6, 12\], got \[1\]/,
      ],
      [
        'expected values that are not finite',
        tensorsOf('case', (tensors) => {
          tensors.get('projected.m0')!.values[1] = Infinity;
        }),
        /case\.safetensors: "projected\.m0" holds Infinity at index 1/,
      ],
    ];
    for (const [what, damage, message] of damages) {
      it(`${what}, and goes on`, async () => {
        const folder = copyOf(fresh(), 'uneven', 'uneven_one');
        const prefix = path.join(folder, 'uneven');
        damage(prefix);
        const [refused, other] = await outcomesOf(folder);
        assert.equal(refused!.prefix, prefix);
        assert.ok('failure' in refused!);
        assert.match(refused.failure, message);
        assert.ok(refused.failure.includes(prefix));
        assert.ok(!refused.failure.includes('\n'));
        assert.equal(worstOf(refused), Infinity);
        assert.ok(worstOf(other!) <= limit);
      });
    }

    it('a folder that is absent, one without cases, and goes on', async () => {
      const empty = copyOf(fresh());
      const absent = path.join(empty, 'absent');
      const outcomes = await outcomesOf(absent, empty, path.join(goldenFolder, 'two_equal'));
      assert.deepEqual(
        outcomes.map((outcome) => ('failure' in outcome ? outcome.failure.split(' (')[0] : '')),
        [
          `${absent} is neither a folder nor the NAME of a golden case`,
          `${empty} holds no golden case`,
          '',
        ],
      );
    });
  });

  it('ends with a verdict that agrees with the limit', () => {
    assert.equal(verdict(3.14e-7, 1e-5), 'verify: PASS worst 3.1e-7 (limit 1e-5)');
    assert.equal(verdict(1e-5, 1e-5), 'verify: PASS worst 1.0e-5 (limit 1e-5)');
    assert.equal(verdict(2e-3, 2e-4), 'verify: FAIL worst 2.0e-3 (limit 2e-4)');
    assert.equal(verdict(Infinity, 1e-5), 'verify: FAIL worst Infinity (limit 1e-5)');
    assert.equal(verdict(NaN, 1e-5), 'verify: FAIL worst NaN (limit 1e-5)');
  });

  describe('the command line', () => {
    const mmp = (...parameters: string[]) =>
      spawnSync(
        process.execPath,
        [path.join(projectRoot, 'dist', 'src', 'cli.js'), 'verify', ...parameters],
        { encoding: 'utf8' },
      );
    const closing = (stdout: string) => stdout.trimEnd().split('\n').at(-1)!;

    it('exits with 0 after PASS, on the backend that it is told', () => {
      for (const backend of new Set(['cpu', describeBackend().name] as const)) {
        const { status, stdout } = mmp(goldenFolder, '--backend', backend);
        assert.equal(status, 0);
        assert.match(stdout, new RegExp(`^backend: ${backend} `));
        const limit = limits[backend].toExponential();
        const pass = new RegExp(`^verify: PASS worst \\d\\.\\de-\\d+ \\(limit ${limit}\\)$`);
        assert.match(closing(stdout), pass);
        assert.equal(stdout.match(/^verify: /gm)!.length, 1);
      }
    });

    it('exits with 1 after FAIL', () => {
      const prefix = path.join(copyOf(fresh(), 'two_equal'), 'two_equal');
      edit(`${prefix}.case.safetensors`, (tensors) => {
        const loss = tensors.get('alignment_loss')!;
        loss.values[0] = loss.values[0]! / 1.002;
      });
      const { status, stdout } = mmp(prefix, '--backend', 'wasm');
      assert.equal(status, 1);
      assert.match(
        stdout,
        /^ {2}alignment_loss .* 2\.0e-3 +FAIL at index 0: expected 0\.\d+, got/m,
      );
      assert.equal(closing(stdout), 'verify: FAIL worst 2.0e-3 (limit 1e-5)');
    });

    it('exits with 1 and one line of error for a case that cannot be read', () => {
      const folder = copyOf(fresh(), 'two_equal', 'uneven');
      rmSync(path.join(folder, 'two_equal.case.safetensors'));
      const { status, stdout, stderr } = mmp(folder, '--backend', 'wasm');
      assert.equal(status, 1);
      assert.equal(stderr.trim().split('\n').length, 2);
      assert.match(stderr, /two_equal\n {2}FAIL: .*no .*two_equal\.case\.safetensors\n$/);
      assert.match(stdout, /uneven: m0, m2 masked/);
      assert.equal(closing(stdout), 'verify: FAIL worst Infinity (limit 1e-5)');
    });

    it('exits with 1 for an unknown backend', () => {
      const { status, stdout, stderr } = mmp(goldenFolder, '--backend', 'abacus');
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(
        stderr,
        /^mmp: unknown backend "abacus"; there are cuda, tensorflow, webgpu, wasm, cpu\n$/,
      );
    });
  });
});
