/** The GPU: what NVIDIA's driver says, and the device files through which programs reach a GPU. */
import type { Probe } from './probe.js';
import type { Finding, State } from './report.js';

const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];

export async function gpuFindings(probe: Probe): Promise<Finding[]> {
  // There is no NVIDIA driver for it, and a GPU always.
  if (probe.platform === 'darwin') return [];
  const files = deviceFiles(probe);
  const nvidia = await nvidiaFinding(probe, files);
  return probe.platform === 'linux' ? [nvidia, devicesFinding(files)] : [nvidia];
}

function finding(what: string, state: State, detail: string, remedy: string | null): Finding {
  return { area: 'gpu', what, state, detail, remedy };
}

/** Of GPUs, on Linux: NVIDIA's, those of Linux's own graphics drivers, and Windows' below WSL. */
export function deviceFiles(probe: Probe): string[] {
  if (probe.platform !== 'linux') return [];
  const names = (folder: string, wanted: RegExp) =>
    probe
      .list(folder)
      .filter((name) => wanted.test(name))
      .map((name) => `${folder}/${name}`);
  return [...names('/dev', /^(nvidia(ctl|\d+)|dxg)$/), ...names('/dev/dri', /^renderD\d+$/)];
}

async function nvidiaFinding(probe: Probe, files: readonly string[]): Promise<Finding> {
  const what = 'NVIDIA GPU and driver';
  const { failure, absent, stdout } = await probe.run('nvidia-smi', query);
  if (absent) {
    const nvidia = files.filter((file) => file.startsWith('/dev/nvidia'));
    if (nvidia.length === 0) return finding(what, 'missing', 'none: there is no nvidia-smi', null);
    const remedy =
      "install the driver's programs, or let the container have them " +
      '(NVIDIA_DRIVER_CAPABILITIES=compute,utility)';
    return finding(what, 'warning', `${nvidia.join(', ')}, but no nvidia-smi`, remedy);
  }
  const remedy = "install or load NVIDIA's driver, and try nvidia-smi";
  if (failure !== undefined) {
    // It says what is wrong on standard output.
    const detail = ['nvidia-smi', failure, stdout.trim()].filter(Boolean).join(': ');
    return finding(what, 'failed', detail, remedy);
  }
  const gpus = stdout.split('\n').flatMap((line) => {
    const [name, driver, memory] = line.split(',').map((cell) => cell.trim());
    return name && driver && memory ? [`${name}, driver ${driver}, ${memory}`] : [];
  });
  if (gpus.length === 0) {
    return finding(what, 'failed', `nvidia-smi lists none: ${stdout.trim()}`, remedy);
  }
  return finding(what, 'ok', gpus.join('; '), null);
}

function devicesFinding(files: readonly string[]): Finding {
  const what = 'GPU device files';
  if (files.length > 0) return finding(what, 'ok', files.join(', '), null);
  const remedy = 'where there is a GPU: load its driver, and let a container have it';
  return finding(what, 'missing', 'none: no GPU that programs could use', remedy);
}
