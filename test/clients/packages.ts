/** The Python packages that the clients come with, and why one of them is absent. */
import { spawnSync } from 'node:child_process';
import { installPackages, prepareEnvironment, projectEnvironment } from '../../src/files/python.js';
import { requiredNames } from '../support/required.js';

const pytest = 'pytest==9.1.1';

/** By the name that REQUIRE_CLIENTS knows; what is imported is called the same. */
const requirements = {
  nbclient: ['nbclient==0.11.0'],
  nbconvert: ['nbconvert==7.17.1'],
  nbmake: [pytest, 'nbmake==1.5.5'],
  nbval: [pytest, 'nbval==0.11.0'],
  jupyter_kernel_test: ['jupyter-kernel-test==0.7.0'],
} as const;

export type PackageName = keyof typeof requirements;
const packageNames = Object.keys(requirements) as PackageName[];

/** The packages that must not be absent: REQUIRE_CLIENTS, names with commas between them. */
const required = requiredNames('REQUIRE_CLIENTS', process.env.REQUIRE_CLIENTS, packageNames);

/**
 * The Python of the clients: that of the project's environment, completed with what it lacks; or MMP_PYTHON,
 * which is taken as it is, for packages that are not to be had from an index.
 */
const given = process.env.MMP_PYTHON;
const python = given ?? prepareEnvironment(projectEnvironment, 'the clients');

/**
 * A Python that has a package.
 *
 * @param others where it may be, too
 * @returns the Python, or why there is none
 * @throws Error when there is none and REQUIRE_CLIENTS names the package
 */
export function pythonWith(
  name: PackageName,
  others: readonly string[] = [],
): { readonly python: string } | { readonly absent: string } {
  const reason = given === undefined ? notInstalled(name) : notImported(given, name);
  const found =
    reason === undefined ? python : others.find((other) => notImported(other, name) === undefined);
  if (found !== undefined) return { python: found };
  if (required.includes(name)) throw new Error(`REQUIRE_CLIENTS asks for ${name}: ${reason}`);
  return { absent: `${name} is absent: ${reason}` };
}

function notInstalled(name: PackageName): string | undefined {
  try {
    installPackages(python, requirements[name]);
    return undefined;
  } catch (error) {
    // The command that failed says less than the last words of pip.
    return (error as Error).message.replace(/^.* failed: /, '');
  }
}

/** Why a Python does not have a package. */
function notImported(interpreter: string, name: PackageName): string | undefined {
  const { status, stderr, error } = spawnSync(interpreter, ['-c', `import ${name}`], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return `${interpreter}: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
}
