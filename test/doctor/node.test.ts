/** Node and the npm packages, on machines that lack one thing each. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fitsRange, nodeFindings } from '../../src/doctor/node.js';
import { packageFindings, packagesSuffice } from '../../src/doctor/packages.js';
import { inProject, only, probeOf, type Machine } from '../support/doctor.js';

describe('the finding about Node', () => {
  const files = {
    [inProject('package.json')]: readFileSync(inProject('package.json'), 'utf8'),
    [inProject('.nvmrc')]: '22\n',
  };
  const nodeOf = (version: string) =>
    nodeFindings(probeOf({ files, node: { version, file: '/opt/node' } }))[0]!;

  it('names the version that runs, the range and the recommended one', () => {
    const { state, detail, remedy } = nodeOf('22.12.0');
    assert.deepEqual(
      { state, detail, remedy },
      {
        state: 'ok',
        detail: '22.12.0, fits ^20.19.0 || >=22.12.0; 22 LTS is recommended; /opt/node',
        remedy: null,
      },
    );
  });

  // The same versions as in the test of the set-up script.
  for (const version of ['18.20.0', '20.18.0', '21.7.0', '22.11.0']) {
    it(`fails on ${version}, and says what to install`, () => {
      const { state, detail, remedy } = nodeOf(version);
      assert.equal(state, 'failed');
      assert.match(detail, new RegExp(`^${version}, does not fit `));
      assert.match(remedy!, /^install Node 22 /);
    });
  }
  for (const version of ['20.19.0', '22.12.0', '24.0.0', '25.0.0-nightly20260101']) {
    it(`is well with ${version}`, () => {
      assert.equal(nodeOf(version).state, 'ok');
    });
  }

  it('does not guess at a range of another form', () => {
    assert.ok(!fitsRange('21.0.0', '^20.19.0'));
    assert.ok(fitsRange('20.19.1', '^20.19.0'));
    assert.throws(() => fitsRange('20.0.0', '~20.0.0'), /cannot read "~20.0.0"/);
  });
});

describe('the findings about npm packages', () => {
  const lock = {
    packages: {
      '': { optionalDependencies: { native: '1.0.0' } },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a/node_modules/b': { version: '2.0.0' },
      'node_modules/mmp': { link: true },
      'node_modules/native': { version: '1.0.0', optional: true },
      'node_modules/brought-by-native': { version: '1.0.0', optional: true },
      'node_modules/linux': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] },
      'node_modules/musl': { version: '1.0.0', optional: true, os: ['linux'], libc: ['musl'] },
      'node_modules/mac': { version: '1.0.0', optional: true, os: ['darwin'] },
      'node_modules/arm': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['arm64'] },
    },
  };
  const manifest = (version: string) => JSON.stringify({ version });
  const installed = {
    'node_modules/a': manifest('1.0.0'),
    'node_modules/a/node_modules/b': manifest('2.0.0'),
    'node_modules/native': manifest('1.0.0'),
    'node_modules/linux': manifest('1.0.0'),
  };
  const findingsOf = (packages: Record<string, string>, others: Machine = {}) => {
    const files = Object.entries(packages).map(([place, text]) => [
      inProject(place, 'package.json'),
      text,
    ]);
    const lockFile = { [inProject('package-lock.json')]: JSON.stringify(lock) };
    const all = { ...(Object.fromEntries(files) as Record<string, string>), ...lockFile };
    return packageFindings(probeOf({ ...others, files: all }));
  };
  const without = (place: string) =>
    Object.fromEntries(Object.entries(installed).filter(([name]) => name !== place));

  it('are one when all is there that belongs on this system', () => {
    const findings = findingsOf(installed);
    assert.equal(findings.length, 1);
    const { state, detail } = only(findings, 'npm packages');
    assert.deepEqual([state, detail], ['ok', 'all 2 of package-lock.json']);
    assert.ok(packagesSuffice(findings));
  });

  for (const [name, packages] of [
    ['is gone', without('node_modules/a/node_modules/b')],
    ['is not whole', { ...installed, 'node_modules/a/node_modules/b': '{"version": ' }],
  ] as const) {
    it(`name a package that ${name}, and the workbook cannot run`, () => {
      const findings = findingsOf(packages);
      const { state, detail, remedy } = only(findings, 'npm packages');
      assert.deepEqual([state, detail, remedy], ['missing', 'missing: a/node_modules/b', 'npm ci']);
      assert.ok(!packagesSuffice(findings));
    });
  }

  it('warn of another version', () => {
    const findings = findingsOf({ ...installed, 'node_modules/a': manifest('0.9.0') });
    const { state, detail, remedy } = only(findings, 'npm packages');
    assert.deepEqual(
      [state, detail, remedy],
      ['warning', 'other versions: a 0.9.0 instead of 1.0.0', 'npm ci'],
    );
    assert.ok(packagesSuffice(findings));
  });

  it('call optional what is optional', () => {
    const findings = findingsOf(without('node_modules/native'));
    assert.equal(only(findings, 'npm packages').state, 'ok');
    const { state, detail } = only(findings, 'optional package');
    assert.equal(state, 'missing');
    assert.match(detail, /^native is not installed; it is optional/);
  });

  it('warn of missing parts for this system, and of no other system', () => {
    const lacking = (others: Machine) => {
      const found = findingsOf(without('node_modules/linux'), others).filter(
        ({ what }) => what === 'compiled parts',
      );
      return found.map(({ state, detail }) => `${state} ${detail.split(': ')[1]}`);
    };
    assert.deepEqual(lacking({}), ['warning linux']);
    assert.deepEqual(lacking({ libc: 'musl' }), ['warning linux, musl']);
    assert.deepEqual(lacking({ architecture: 'arm64' }), ['warning arm']);
    assert.deepEqual(lacking({ platform: 'darwin', libc: null }), ['warning mac']);
    assert.deepEqual(lacking({ platform: 'win32', libc: null }), []);
  });
});
