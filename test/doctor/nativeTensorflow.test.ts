/** Native TensorFlow, on machines that lack one thing each. */
import assert from 'node:assert/strict';
import { nativeFindings } from '../../src/doctor/nativeTensorflow.js';
import { addonFile, nativeFolder, nativePackage } from '../../src/tensor/native.js';
import { inProject, only, probeOf, type Machine } from '../support/doctor.js';

describe('the findings about native TensorFlow', () => {
  const addon = `${nativeFolder}/${addonFile}`;
  const library = `${nativeFolder}/deps/lib/libtensorflow.so`;
  const built = { [addon]: '', [library]: '' };
  const buildOf = (...cudaFolders: string[]) => ({
    nativeBuild: () => ({ package: 'addon 1', wheel: 'wheel 2', cudaFolders }),
  });
  const cuda = { '/n/a/libcudart.so.12': '', '/n/a/libcublas.so.12': '', '/n/b/libcudnn.so.9': '' };
  const findingsOf = (machine: Machine) => nativeFindings(probeOf(machine));

  it('are lacks, with a remedy, where there is neither build nor download', () => {
    const findings = findingsOf({});
    assert.deepEqual(
      findings.map(({ what, state }) => [what, state]),
      [
        ['native build', 'missing'],
        ['stock download', 'missing'],
      ],
    );
    assert.match(only(findings, 'native build').remedy!, /^npm run setup:native, .* 2 GB$/);
    assert.equal(only(findingsOf({ platform: 'darwin' }), 'native build').remedy, null);
  });

  it('name the wheel of a build for the CPU', () => {
    const findings = findingsOf({ files: built, ...buildOf() });
    assert.equal(only(findings, 'native build').detail, 'wheel 2, addon 1');
    const { state, remedy } = only(findings, 'CUDA libraries');
    assert.equal(state, 'missing');
    assert.match(remedy!, /--gpu/);
  });

  it('name the CUDA libraries of a build for a GPU', () => {
    const findings = findingsOf({ files: { ...built, ...cuda }, ...buildOf('/n/a', '/n/b') });
    const { state, detail } = only(findings, 'CUDA libraries');
    assert.equal(state, 'ok');
    assert.match(detail, /^libcublas\.so\.12, libcudart\.so\.12, libcudnn\.so\.9 and others$/);
  });

  it('fail where a folder of the CUDA libraries, or one of them, is gone', () => {
    const gone = findingsOf({ files: { ...built, ...cuda }, ...buildOf('/n/a', '/n/b', '/n/c') });
    assert.equal(only(gone, 'CUDA libraries').detail, 'folders that are gone: /n/c');
    const { state, detail } = only(
      findingsOf({ files: { ...built, ...cuda }, ...buildOf('/n/a') }),
      'CUDA libraries',
    );
    assert.deepEqual([state, detail], ['failed', 'not in the folders of the build: libcudnn.so']);
  });

  it('fail where the Python environment of a build is gone, or its description damaged', () => {
    const { state, detail, remedy } = only(
      findingsOf({ files: { [addon]: '' }, ...buildOf() }),
      'native build',
    );
    assert.deepEqual([state, remedy], ['failed', 'npm run setup:native']);
    assert.match(detail, /libtensorflow\.so leads to nothing$/);
    const nativeBuild = () => {
      throw new Error('Unexpected token');
    };
    const damaged = only(findingsOf({ nativeBuild }), 'native build');
    assert.deepEqual(
      [damaged.state, damaged.detail],
      ['failed', 'data/cache/native/mmp-build.json is damaged'],
    );
  });

  it('tell whether the download is there, and has its addon', () => {
    const folder = inProject('node_modules', nativePackage);
    const files = { [`${folder}/package.json`]: '{"version": "4.22.0"}' };
    const lacking = only(findingsOf({ files }), 'stock download');
    assert.equal(lacking.state, 'failed');
    const whole = { ...files, [`${folder}/${addonFile}`]: '' };
    assert.equal(
      only(findingsOf({ files: whole }), 'stock download').detail,
      '@tensorflow/tfjs-node-gpu 4.22.0',
    );
    const both = findingsOf({ files: { ...whole, ...built }, ...buildOf() });
    assert.match(only(both, 'stock download').detail, /our build comes before it$/);
  });
});
