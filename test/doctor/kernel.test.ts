/** The Jupyter kernel, on machines that lack one thing each. */
import assert from 'node:assert/strict';
import { kernelFindings } from '../../src/doctor/kernel.js';
import { inProject, only, probeOf, type Machine } from '../support/doctor.js';

const node = '/usr/bin/node';
const main = inProject('dist', 'src', 'notebook', 'kernel', 'main.js');
const kernelIn = (folder: string) => `${folder}/kernels/mmp/kernel.json`;
const ownFile = kernelIn(inProject('.venv', 'share', 'jupyter'));
const kernel = (argv: string[], env = {}) =>
  JSON.stringify({ argv, display_name: 'TypeScript', env });
const own = kernel([node, main, '{connection_file}']);

describe('the findings about the kernel', () => {
  const present = { [node]: '', [main]: '', [ownFile]: own };
  const findingsOf = (files: Record<string, string>, others: Machine = {}) =>
    kernelFindings(probeOf({ node: { version: '22.12.0', file: node }, files, ...others }));

  it('are one where it is registered and all is there', () => {
    const findings = findingsOf(present);
    assert.equal(findings.length, 1);
    assert.deepEqual(only(findings, 'kernel'), {
      area: 'jupyter',
      what: 'kernel',
      state: 'ok',
      detail: `.venv/share/jupyter/kernels/mmp/kernel.json; Node ${node}`,
      remedy: null,
    });
  });

  it('tell of a Node other than this one', () => {
    const others = { node: { version: '24.0.0', file: '/opt/node' } };
    const { state, detail } = only(findingsOf(present, others), 'kernel');
    assert.equal(state, 'ok');
    assert.match(detail, /Node \/usr\/bin\/node, not that which runs this$/);
  });

  const lacks: [string, Record<string, string>, string, RegExp][] = [
    ['is not registered', { [node]: '', [main]: '' }, 'missing', /^no \.venv\/share\/jupyter\//],
    [
      'has lost its Node',
      { [main]: '', [ownFile]: own },
      'failed',
      /its program \/usr\/bin\/node is not/,
    ],
    [
      'has lost its script',
      { [node]: '', [ownFile]: own },
      'failed',
      /its script .*main\.js is not there$/,
    ],
    ['is no JSON', { ...present, [ownFile]: '{' }, 'failed', /kernel\.json describes no kernel$/],
    ['starts nothing', { ...present, [ownFile]: kernel([]) }, 'failed', /describes no kernel$/],
    [
      'belongs to another project',
      { ...present, '/old/main.js': '', [ownFile]: kernel([node, '/old/main.js']) },
      'warning',
      /^starts another project's: \/usr\/bin\/node \/old\/main\.js$/,
    ],
  ];
  for (const [name, files, expected, reason] of lacks) {
    it(`say so when it ${name}`, () => {
      const { state, detail, remedy } = only(findingsOf(files), 'kernel');
      assert.deepEqual([state, remedy], [expected, 'npm run lab']);
      assert.match(detail, reason);
    });
  }

  it('warn when it was registered before the build with CUDA', () => {
    const nativeBuild = () => ({ package: 'p', wheel: 'w', cudaFolders: ['/cuda/a', '/cuda/b'] });
    const { state, detail, remedy } = only(findingsOf(present, { nativeBuild }), 'kernel');
    assert.deepEqual([state, remedy], ['warning', 'npm run lab']);
    assert.match(detail, /CUDA libraries$/);
    const later = kernel([node, main], { LD_LIBRARY_PATH: '/cuda/a:/cuda/b:/other' });
    const files = { ...present, [ownFile]: later };
    assert.equal(only(findingsOf(files, { nativeBuild }), 'kernel').state, 'ok');
  });

  const elsewhere = 'other kernel "mmp"';
  const places: [string, string, Machine][] = [
    ["the user's folder", '/home/me/.local/share/jupyter', {}],
    ['XDG_DATA_HOME', '/xdg/jupyter', { environment: { XDG_DATA_HOME: '/xdg' } }],
    ['JUPYTER_DATA_DIR', '/data', { environment: { JUPYTER_DATA_DIR: '/data' } }],
    ["the system's folder", '/usr/share/jupyter', {}],
    ["the user's folder on macOS", '/home/me/Library/Jupyter', { platform: 'darwin' }],
  ];
  for (const [name, folder, machine] of places) {
    it(`tell of another one in ${name}, and whether it works`, () => {
      const files = { ...present, [kernelIn(folder)]: kernel(['node', main]) };
      const found = only(findingsOf(files, machine), elsewhere);
      assert.equal(found.state, 'ok');
      assert.ok(found.detail.startsWith(kernelIn(folder)));
      const broken = { ...files, [kernelIn(folder)]: kernel(['/gone/node', main]) };
      const { state, detail, remedy } = only(findingsOf(broken, machine), elsewhere);
      assert.equal(state, 'warning');
      assert.match(detail, /its program \/gone\/node is not there$/);
      assert.equal(remedy, `remove ${folder}/kernels/mmp`);
    });
  }

  it('judge one that JUPYTER_PATH puts first', () => {
    const first = (argv: string[]) => {
      const files = { ...present, '/other/main.js': '', [kernelIn('/first')]: kernel(argv) };
      assert.equal(findingsOf(files).length, 1);
      const environment = { JUPYTER_PATH: '/none:/first' };
      return only(findingsOf(files, { environment }), elsewhere);
    };
    assert.equal(first(['node', main]).state, 'ok');
    const foreign = first(['node', '/other/main.js']);
    assert.equal(foreign.state, 'warning');
    assert.match(foreign.detail, /comes first, by JUPYTER_PATH, and starts another project's/);
    assert.match(foreign.remedy!, /^remove \/first\/kernels\/mmp, or take it from JUPYTER_PATH$/);
    const broken = first(['/gone/node', main]);
    assert.equal(broken.state, 'failed');
    assert.match(broken.detail, /its program \/gone\/node is not there$/);
  });
});
