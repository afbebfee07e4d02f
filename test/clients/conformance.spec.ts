/**
 * The public suite for Jupyter kernels, by way of conformance.py. Debian has it as
 * `python3-jupyter-kernel-test`; where it is absent, `REQUIRE_CLIENTS=jupyter_kernel_test` makes that a failure.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../src/files/paths.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { skip } from '../support/skip.js';
import { jupyterIn } from './jupyter.js';
import { pythonWith } from './packages.js';

/** The tests of the suite that this kernel has something for. */
const passing = [
  'test_completion',
  'test_display_data',
  'test_error',
  'test_execute_result',
  'test_execute_stderr',
  'test_execute_stdout',
  'test_history',
  'test_inspect',
  'test_is_complete',
  'test_kernel_info',
];

const outcomesSchema = z.record(
  z.string(),
  z.object({ failures: z.array(z.string()), skipped: z.boolean() }),
);

describe('jupyter_kernel_test', function () {
  this.timeout(5 * 60_000);
  let folder: string | undefined;
  let outcomes: z.infer<typeof outcomesSchema>;

  before(function () {
    const found = pythonWith('jupyter_kernel_test', ['/usr/bin/python3']);
    if ('absent' in found) skip(this, found.absent);
    folder = makeFolder();
    const script = path.join(projectRoot, 'test', 'clients', 'conformance.py');
    const { stdout, stderr } = spawnSync(found.python, [script], {
      // The kernel's working directory: the notebook's folder.
      cwd: folder,
      encoding: 'utf8',
      env: jupyterIn(folder),
    });
    const last = stdout.trimEnd().split('\n').at(-1)!;
    assert.ok(last.startsWith('{'), `the suite did not end: ${stdout}${stderr}`);
    outcomes = outcomesSchema.parse(JSON.parse(last));
  });
  after(() => {
    if (folder !== undefined) removeFolder(folder);
  });

  for (const name of passing) {
    it(name, () => {
      assert.deepEqual(outcomes[name], { failures: [], skipped: false });
    });
  }

  it('skips nothing but what the kernel does not have: a pager and the clearing of outputs', () => {
    const others = Object.keys(outcomes).filter((name) => !passing.includes(name));
    assert.deepEqual(others.sort(), ['test_clear_output', 'test_pager']);
    assert.ok(others.every((name) => outcomes[name]!.skipped));
  });
});
