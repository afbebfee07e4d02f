/** TypeScript files beside the notebook: a cell that imports one sees it as it is now, without a restart. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorOf, sharedKernel, type KernelSession } from '../../support/kernelSession.js';

describe('a file that a cell imports', function () {
  this.timeout(60_000);
  let kernel: KernelSession;
  const write = (name: string, content: string) => {
    writeFileSync(path.join(kernel.folder, name), content);
  };
  const evaluate = () => kernel.evaluate("import { twice } from './twice';\ntwice()");
  before(async () => {
    kernel = await sharedKernel();
    write('step.ts', 'export const step = 1;');
    write('twice.ts', "import { step } from './step';\nexport const twice = () => 2 * step;");
  });

  it('is compiled, with what it imports itself', async () => {
    assert.equal(await evaluate(), '2');
  });

  it('is as it is now when it has been edited', async () => {
    write('twice.ts', "import { step } from './step';\nexport const twice = () => 20 * step;");
    assert.equal(await evaluate(), '20');
  });

  it('is loaded anew when what it imports has been edited', async () => {
    write('step.ts', 'export const step = 3;');
    assert.equal(await evaluate(), '60');
  });

  it('is named when it does not compile any more, and imported when it does again', async () => {
    write('step.ts', "export const step = 'three';");
    const error = errorOf(await kernel.run("import { twice } from './twice';\ntwice()"));
    assert.equal(error?.ename, 'CompileError');
    assert.match(error.traceback, /^twice\.ts, line 2: .*arithmetic operation.* \(TS2363\)$/m);
    write('step.ts', 'export const step = 4;');
    assert.equal(await evaluate(), '80');
  });

  it('may be missing when it is imported first, and there the next time', async () => {
    const code = "import { here } from './missing';\nhere";
    assert.match(
      String(errorOf(await kernel.run(code))?.evalue),
      /Cannot find module '.\/missing'/,
    );
    write('missing.ts', "export const here = 'here';");
    assert.equal(await kernel.evaluate(code), 'here');
  });
});
