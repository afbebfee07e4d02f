import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nvidiaGpus, packageVersions, revision } from '../../../src/bench/gpu/machine.js';
import { projectRoot } from '../../../src/files/paths.js';
import { makeFolder, removeFolder } from '../../support/folders.js';

describe('the machine of the benchmark on a GPU', () => {
  it('has the GPUs that nvidia-smi names, and none where it does not run', () => {
    const folder = makeFolder();
    const program = path.join(folder, 'nvidia-smi');
    const say = (text: string, code: number) => {
      writeFileSync(program, `#!/bin/sh\nprintf '${text}'\nexit ${code}\n`);
      chmodSync(program, 0o755);
    };
    say('NVIDIA A, 1.2.3, 81559 MiB\\nNVIDIA B, 1.2.3, 24564 MiB\\n', 0);
    assert.deepEqual(nvidiaGpus(program), [
      { name: 'NVIDIA A', driver: '1.2.3', memory: '81559 MiB' },
      { name: 'NVIDIA B', driver: '1.2.3', memory: '24564 MiB' },
    ]);
    say('No devices were found', 6);
    assert.deepEqual(nvidiaGpus(program), []);
    removeFolder(folder);
    assert.deepEqual(nvidiaGpus(program), []);
  });

  it('has the versions of package.json, and a revision', () => {
    const { dependencies } = JSON.parse(
      readFileSync(path.join(projectRoot, 'package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    for (const [name, version] of Object.entries(packageVersions())) {
      assert.equal(version, dependencies[name], name);
    }
    assert.match(revision(), /^([0-9a-f]{7,}\+?|unknown)$/);
  });
});
