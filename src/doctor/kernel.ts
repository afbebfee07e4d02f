/** The Jupyter kernel: where it is registered, and whether what it starts is there. */
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../files/paths.js';
import { kernelFile, userDataFolder } from '../notebook/kernelspec.js';
import { labDataFolder } from '../notebook/lab.js';
import { parseJson } from './json.js';
import { nativeBuildOf, type Probe } from './probe.js';
import type { Finding, State } from './report.js';

const kernelSchema = z.object({
  argv: z.array(z.string()).min(1),
  env: z.record(z.string(), z.string()).optional(),
});
type Kernel = z.infer<typeof kernelSchema>;

const remedy = 'npm run lab';

export function kernelFindings(probe: Probe): Finding[] {
  const own = kernelFile(labDataFolder, 'mmp');
  const others = [userDataFolder(probe), ...foldersOfSystem(probe)];
  return [
    probe.exists(own)
      ? ownFinding(probe, own)
      : finding('kernel', 'missing', `no ${path.relative(projectRoot, own)}`, remedy),
    ...[...new Set([...foldersOfPath(probe), ...others])]
      .filter((folder) => folder !== labDataFolder)
      .map((folder) => kernelFile(folder, 'mmp'))
      .filter((file) => probe.exists(file))
      .map((file) => otherFinding(probe, file)),
  ];
}

function finding(what: string, state: State, detail: string, todo: string | null): Finding {
  return { area: 'jupyter', what, state, detail, remedy: todo };
}

/** The kernel that `npm run lab` registers. */
function ownFinding(probe: Probe, file: string): Finding {
  const fault = faultOf(probe, file);
  if (fault !== undefined) return finding('kernel', 'failed', fault, remedy);
  const kernel = kernelOf(probe, file)!;
  const { argv, env } = kernel;
  const node = argv[0]!;
  if (!isOfProject(kernel)) {
    return finding('kernel', 'warning', `starts another project's: ${argv.join(' ')}`, remedy);
  }
  const lacking = (nativeBuildOf(probe)?.cudaFolders ?? []).filter(
    (folder) => !env?.LD_LIBRARY_PATH?.split(':').includes(folder),
  );
  if (lacking.length > 0) {
    const detail =
      'registered before native TensorFlow was built: it does not find the CUDA libraries';
    return finding('kernel', 'warning', detail, remedy);
  }
  const same = node === probe.node.file ? '' : ', not that which runs this';
  return finding('kernel', 'ok', `${path.relative(projectRoot, file)}; Node ${node}${same}`, null);
}

/**
 * A kernel of the same name elsewhere. Jupyter takes one that JUPYTER_PATH leads to before that of the
 * project's environment, and any other only where JupyterLab is started in another way.
 */
function otherFinding(probe: Probe, file: string): Finding {
  const what = 'other kernel "mmp"';
  const first = foldersOfPath(probe).some((folder) => kernelFile(folder, 'mmp') === file);
  const todo = `remove ${path.dirname(file)}${first ? ', or take it from JUPYTER_PATH' : ''}`;
  const fault = faultOf(probe, file);
  if (!first) {
    if (fault !== undefined) return finding(what, 'warning', fault, todo);
    return finding(what, 'ok', `${file}; JupyterLab of ${remedy} takes its own`, null);
  }
  const place = `${file} comes first, by JUPYTER_PATH`;
  if (fault !== undefined) return finding(what, 'failed', `${place}, and ${fault}`, todo);
  if (isOfProject(kernelOf(probe, file)!)) return finding(what, 'ok', place, null);
  return finding(what, 'warning', `${place}, and starts another project's`, todo);
}

/** Whether a kernel is the one of this project. */
const isOfProject = ({ argv }: Kernel) =>
  argv.some((part) => part.startsWith(projectRoot + path.sep));

function kernelOf(probe: Probe, file: string): Kernel | undefined {
  return kernelSchema.safeParse(parseJson(probe.read(file))).data;
}

/** What keeps a kernel from starting. */
function faultOf(probe: Probe, file: string): string | undefined {
  const kernel = kernelOf(probe, file);
  if (!kernel) return `${file} describes no kernel`;
  const [program, script] = kernel.argv;
  for (const [part, name] of [
    [program, 'program'],
    [script, 'script'],
  ] as const) {
    // A bare name is looked for on the PATH when the kernel starts.
    if (part === undefined || !path.isAbsolute(part) || probe.exists(part)) continue;
    return `${file}: its ${name} ${part} is not there`;
  }
  return undefined;
}

function foldersOfPath({ environment, platform }: Probe): string[] {
  return (environment.JUPYTER_PATH ?? '').split(platform === 'win32' ? ';' : ':').filter(Boolean);
}

function foldersOfSystem({ environment, platform }: Probe): string[] {
  if (platform !== 'win32') return ['/usr/local/share/jupyter', '/usr/share/jupyter'];
  return environment.PROGRAMDATA ? [path.join(environment.PROGRAMDATA, 'jupyter')] : [];
}
