/** JupyterLab and the Plotly renderer in the project's Python environment. */
import path from 'node:path';
import { z } from 'zod';
import { programsOf, projectEnvironment } from '../files/python.js';
import { labDataFolder, labPackages } from '../notebook/lab.js';
import { parseJson } from './json.js';
import type { Probe } from './probe.js';
import type { Finding, State } from './report.js';

const remedy = 'npm run lab';

/** What the packages of `npm run lab` are there for. */
const names: Readonly<Record<string, string>> = {
  jupyterlab: 'JupyterLab',
  plotly: 'Plotly renderer in JupyterLab',
};

/** The extension that the package plotly brings. */
const extension = path.join(labDataFolder, 'labextensions', 'jupyterlab-plotly', 'package.json');

/** Found, not imported, because that would take seconds. */
const versionsCode = `import json, sys
from importlib.metadata import PackageNotFoundError, version
def found(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return None
print(json.dumps({name: found(name) for name in sys.argv[1:]}))`;

export async function labFindings(probe: Probe): Promise<Finding[]> {
  const wanted = labPackages.map((one) => one.split('==') as [string, string]);
  const python = path.join(programsOf(projectEnvironment), 'python');
  const finding = (name: string, state: State, detail: string): Finding => ({
    area: 'jupyter',
    what: names[name] ?? name,
    state,
    detail,
    remedy: state === 'ok' ? null : remedy,
  });
  if (!probe.exists(projectEnvironment)) {
    return wanted.map(([name]) => finding(name, 'missing', 'there is no .venv'));
  }
  const parameters = ['-c', versionsCode, ...wanted.map(([name]) => name)];
  const { failure, stdout } = await probe.run(python, parameters);
  const versions = z.record(z.string(), z.string().nullable()).safeParse(parseJson(stdout));
  if (failure !== undefined || !versions.success) {
    const reason = failure ?? 'it does not tell its packages';
    return wanted.map(([name]) => finding(name, 'failed', `the Python of .venv: ${reason}`));
  }
  return wanted.map(([name, version]) => {
    const found = versions.data[name] ?? undefined;
    if (found === undefined) return finding(name, 'missing', `${name} is not in .venv`);
    if (name === 'plotly' && !probe.exists(extension)) {
      return finding(name, 'failed', `${name} ${found} without its JupyterLab extension`);
    }
    if (found !== version) {
      return finding(name, 'warning', `${name} ${found}; tested is ${version}`);
    }
    return finding(name, 'ok', `${name} ${found} in .venv`);
  });
}
