/** Python for tests: never installed by them. */
import { spawnSync } from 'node:child_process';
import { projectPython } from '../../src/files/python.js';
import { skip } from './skip.js';

/** A Python that has the modules; without one the test is skipped. */
export function pythonOrSkip(context: Mocha.Context, ...modules: string[]): string {
  const candidates = [process.env.MMP_PYTHON, projectPython, 'python3'];
  const program = modules.map((name) => `import ${name}`).join('; ');
  const found = candidates.find(
    (python) => python && spawnSync(python, ['-c', program]).status === 0,
  );
  return found ?? skip(context, `no Python that has ${modules.join(', ')}`);
}
