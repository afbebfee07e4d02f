/** Whole examinations: of machines with none, one and all of the roads to a GPU, and of sick ones. */
import assert from 'node:assert/strict';
import { examine } from '../../src/doctor/doctor.js';
import { reportSchema, type Report } from '../../src/doctor/report.js';
import { reportText } from '../../src/doctor/table.js';
import { inProject, only, probeOf, replying, type Machine } from '../support/doctor.js';
import { cuda, plain, together, vulkan } from '../support/doctorMachines.js';

const examined = async (...parts: Machine[]): Promise<Report> => {
  const report = await examine(probeOf(together(...parts)));
  return reportSchema.parse(JSON.parse(JSON.stringify(report)));
};
const notOk = ({ findings }: Report) =>
  findings.filter(({ state }) => state !== 'ok').map(({ what, state }) => `${what}: ${state}`);

describe('the doctor', () => {
  it('finds lacks, and nothing wrong, on a machine without a GPU', async () => {
    const report = await examined(plain);
    assert.deepEqual(notOk(report), [
      'cuda: missing',
      'tensorflow: missing',
      'webgpu: missing',
      'native build: missing',
      'stock download: missing',
      'NVIDIA GPU and driver: missing',
      'GPU device files: missing',
      'Vulkan loader: missing',
      'Vulkan driver: missing',
    ]);
    assert.ok(report.canRun);
    assert.equal(report.unasked?.chosen, 'wasm');
  });

  it('finds the road over Vulkan where it is the only one', async () => {
    const report = await examined(plain, vulkan);
    assert.deepEqual(notOk(report), [
      'cuda: missing',
      'tensorflow: missing',
      'native build: missing',
      'stock download: missing',
      'NVIDIA GPU and driver: missing',
    ]);
    assert.equal(report.unasked?.chosen, 'webgpu');
  });

  it('finds every road where all are there', async () => {
    const sick = 'kernel: warning';
    // The kernel was registered before the build.
    assert.deepEqual(notOk(await examined(plain, vulkan, cuda)), [sick, 'stock download: missing']);
    assert.ok((await examined(plain, vulkan, cuda)).backends.every(({ state }) => state === 'ok'));
  });

  it('says that nothing can run without a package or a backend, and otherwise that it can', async () => {
    const manifest = inProject('node_modules', 'a', 'package.json');
    const noPackage = await examined(plain, { files: { [manifest]: '' } });
    assert.ok(!noPackage.canRun);
    const crash = { failure: 'ended by SIGILL' };
    const oneLeft = { commands: { 'backend wasm': crash } };
    assert.ok((await examined(plain, oneLeft)).canRun);
    const noneLeft = { commands: { 'backend wasm': crash, 'backend cpu': crash } };
    const report = await examined(plain, noneLeft);
    assert.ok(!report.canRun);
    assert.match(reportText(report), /^The workbook cannot run here: 2 failed/m);
  });

  it('warns of a full disk and of little memory', async () => {
    const report = await examined(plain, {
      freeDisk: () => Promise.resolve(1.9e9),
      memory: () => ({ free: 0.5e9, total: 2e9 }),
    });
    for (const [what, detail] of [
      ['disk', /^1\.9 GB free for /],
      ['memory', /^0\.5 GB free of 2\.0 GB$/],
    ] as const) {
      const found = only(report.findings, what);
      assert.equal(found.state, 'warning');
      assert.match(found.detail, detail);
      assert.notEqual(found.remedy, null);
    }
    assert.ok(report.canRun);
  });

  it('tells of figures and data that are missing, empty or damaged', async () => {
    const blank = replying({ width: 480, height: 320, covered: 0, milliseconds: 10 });
    const lacking = replying({
      catalogue: { error: 'not installed' },
      pictures: { error: 'gone' },
    });
    const commands = { 'main.js figure': blank, 'main.js emoji': lacking };
    const { findings } = await examined(plain, { commands });
    const figure = only(findings, 'figures without a browser');
    assert.deepEqual([figure.state, figure.remedy], ['failed', 'npm ci']);
    assert.match(figure.detail, /the bar is not in the picture$/);
    assert.deepEqual(
      [only(findings, 'emoji').state, only(findings, 'emoji pictures').state],
      ['missing', 'missing'],
    );
    const damaged = { files: { [inProject('data/cache/emoji.safetensors')]: '' }, commands };
    const pictures = only((await examined(plain, damaged)).findings, 'emoji pictures');
    assert.deepEqual([pictures.state, pictures.remedy], ['failed', 'npm run setup']);
    const crash = { failure: 'ended by SIGSEGV' };
    const crashing = { commands: { 'main.js figure': crash, 'main.js emoji': crash } };
    const sick = (await examined(plain, crashing)).findings;
    assert.equal(only(sick, 'figures without a browser').state, 'failed');
    assert.equal(only(sick, 'emoji').state, 'failed');
  });

  it('goes on where an area cannot be examined', async () => {
    const freeDisk = () => Promise.reject(new Error('no such system call'));
    const { findings } = await examined(plain, {
      freeDisk,
      files: { [inProject('package.json')]: '' },
    });
    const machine = only(findings, 'machine');
    assert.equal(machine.state, 'failed');
    assert.equal(machine.detail, 'cannot be examined: no such system call');
    assert.equal(only(findings, 'node').state, 'failed');
    assert.equal(only(findings, 'wasm').state, 'ok');
  });

  for (const platform of ['darwin', 'win32'] as const) {
    it(`runs on ${platform}, without findings about Linux`, async () => {
      const { findings, canRun } = await examined(plain, { platform, libc: null });
      assert.ok(canRun);
      assert.ok(!findings.some(({ area }) => area === 'vulkan'));
      assert.ok(!findings.some(({ what }) => what === 'GPU device files'));
    });
  }
});

describe('the table of the doctor', () => {
  it('has a row for every finding, whole, in 100 columns', async () => {
    const long = `/a/path${'/without/any/space'.repeat(20)}`;
    const report = await examined(plain, { commands: { 'backend wasm': { failure: long } } });
    const text = reportText(report);
    const lines = text.split('\n');
    assert.ok(lines.every((line) => line.length <= 100));
    assert.equal(lines.filter((line) => line.startsWith('│ backends ')).length, 6);
    const letters = (some: string) => some.replace(/[\s│]/g, '');
    const column = lines.map((line) => line.split('│')[4] ?? '').join('');
    for (const { detail, remedy } of report.findings) {
      assert.ok(
        letters(column).includes(letters(`${detail}${remedy === null ? '' : `→${remedy}`}`)),
      );
    }
    assert.match(text, /^The workbook can run here, unasked on wasm: 1 failed/m);
  });
});
