/** The clients: programs that execute a notebook and say whether it failed. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { projectRoot } from '../../src/files/paths.js';
import type { KernelName } from '../../src/notebook/client.js';
import { readNotebook } from '../../src/notebook/format.js';
import { runNotebook } from '../../src/notebook/run.js';
import type { Verdict } from './canaries.js';
import type { PackageName } from './packages.js';

export const clientNames = [
  'runner',
  'nbclient',
  'nbconvert',
  'nbmake',
  'nbval',
  'nbval-lax',
] as const;
export type ClientName = (typeof clientNames)[number];

export interface Judged {
  readonly verdict: Verdict;
  /** What the client printed, without colours */
  readonly said: string;
}

/** What a client is to execute. */
export interface Execution {
  readonly notebook: string;
  readonly kernel: KernelName;
  readonly cellSeconds: number;
}

export interface Client {
  readonly name: ClientName;
  /** What has to be installed for it */
  readonly needs?: PackageName;
  judge(execution: Execution, jupyter: JupyterSettings): Judged | Promise<Judged>;
}

/** What Python clients find kernels with. */
export interface JupyterSettings {
  readonly python: string;
  readonly environment: NodeJS.ProcessEnv;
}

/** The longest that a client may take beyond its limit of a cell. */
const patience = 180;

/** pytest as it is used on notebooks; without its cache, which it would leave in the repository. */
const pytest = ['-m', 'pytest', '-p', 'no:cacheprovider', '--color=no'];

export const clients: readonly Client[] = [
  { name: 'runner', judge: runOurs },
  python('nbclient', 'nbclient', ({ notebook, cellSeconds, kernel }) => [
    path.join(projectRoot, 'test', 'clients', 'execute.py'),
    notebook,
    String(cellSeconds),
    kernel,
  ]),
  python('nbconvert', 'nbconvert', ({ notebook, cellSeconds, kernel }) => [
    ...['-m', 'nbconvert', '--to', 'notebook', '--execute', '--stdout', notebook],
    `--ExecutePreprocessor.timeout=${cellSeconds}`,
    `--ExecutePreprocessor.kernel_name=${kernel}`,
  ]),
  python('nbmake', 'nbmake', ({ notebook, cellSeconds, kernel }) => [
    ...[...pytest, '--nbmake', `--nbmake-timeout=${cellSeconds}`],
    ...[`--nbmake-kernel=${kernel}`, notebook],
  ]),
  ...(['nbval', 'nbval-lax'] as const).map((name) =>
    python(name, 'nbval', ({ notebook, cellSeconds }) => [
      ...[...pytest, `--${name}`, `--nbval-cell-timeout=${cellSeconds}`, notebook],
    ]),
  ),
];

async function runOurs({ notebook, kernel, cellSeconds }: Execution): Promise<Judged> {
  const folder = path.dirname(notebook);
  const { failure } = await runNotebook(readNotebook(notebook), { kernel, folder, cellSeconds });
  return { verdict: failure ? 'rejects' : 'accepts', said: failure?.reason ?? '' };
}

/** A client in Python, by its command line. */
function python(
  name: ClientName,
  needs: PackageName,
  parametersFor: (execution: Execution) => string[],
): Client {
  const judge = (execution: Execution, jupyter: JupyterSettings): Judged => {
    const ended = spawnSync(jupyter.python, parametersFor(execution), {
      encoding: 'utf8',
      env: jupyter.environment,
      timeout: 1000 * (execution.cellSeconds + patience),
    });
    const said = stripVTControlCharacters(`${ended.stdout}\n${ended.stderr}`);
    // All of them end with 1 of a notebook that fails; anything else is no verdict.
    if (ended.status === 0) return { verdict: 'accepts', said };
    if (ended.status === 1) return { verdict: 'rejects', said };
    throw new Error(
      `${name} ended by ${ended.signal ?? `exit code ${ended.status}`}; it printed:\n${said}`,
    );
  };
  return { name, needs, judge };
}
