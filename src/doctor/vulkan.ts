/** Vulkan, which WebGPU runs over on Linux: its loader, and the drivers that the loader is told of. */
import path from 'node:path';
import { z } from 'zod';
import { driverFiles } from '../tensor/webgpu/adapter.js';
import { parseJson } from './json.js';
import type { Probe } from './probe.js';
import type { Finding, State } from './report.js';

const loader = 'libvulkan.so.1';

const driverSchema = z.object({ ICD: z.object({ library_path: z.string() }) });

/** Elsewhere WebGPU runs over Metal or Direct3D, which belong to the system. */
export async function vulkanFindings(probe: Probe): Promise<Finding[]> {
  if (probe.platform !== 'linux') return [];
  const libraries = await sharedLibraries(probe);
  return [loaderFinding(libraries), ...driverFindings(probe, libraries)];
}

function finding(what: string, state: State, detail: string, remedy: string | null): Finding {
  return { area: 'vulkan', what, state, detail, remedy };
}

/** The linker's name for a processor, behind each library in its list. */
const linkerNames: Readonly<Record<string, string>> = { x64: 'x86-64', arm64: 'AArch64' };

/** Where the dynamic linker finds which library. */
async function sharedLibraries(probe: Probe): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  // Not every user has it on the PATH.
  for (const command of ['ldconfig', '/sbin/ldconfig']) {
    const { failure, stdout } = await probe.run(command, ['-p']);
    if (failure !== undefined) continue;
    const processor = linkerNames[probe.architecture] ?? '';
    for (const line of stdout.split('\n')) {
      const [, name, kind, file] = /^\s*(\S+) \((.*)\) => (.+)$/.exec(line) ?? [];
      if (name && file && kind?.includes(processor) && !found.has(name)) found.set(name, file);
    }
    break;
  }
  // These come first.
  for (const folder of (probe.environment.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean)) {
    for (const name of probe.list(folder)) found.set(name, path.join(folder, name));
  }
  return found;
}

function loaderFinding(libraries: ReadonlyMap<string, string>): Finding {
  const what = 'Vulkan loader';
  const file = libraries.get(loader);
  if (file !== undefined) return finding(what, 'ok', file, null);
  return finding(what, 'missing', `no ${loader}`, 'install it (Debian: libvulkan1)');
}

function driverFindings(probe: Probe, libraries: ReadonlyMap<string, string>): Finding[] {
  const { variable, files } = namedDrivers(probe);
  const findings = files.map((file) => driverFinding(probe, file, libraries));
  if (findings.length > 0) return findings;
  const detail = variable === undefined ? 'no driver files' : `${variable} names none`;
  const remedy =
    "install the GPU's driver (Debian: mesa-vulkan-drivers, or NVIDIA's); without a GPU chromium, " +
    'whose software driver is found';
  return [finding('Vulkan driver', 'missing', detail, remedy)];
}

/** The files that tell the loader of drivers: those that the environment names, or else those of the system. */
function namedDrivers(probe: Probe): { variable?: string; files: string[] } {
  const { environment, home } = probe;
  const variable = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'].find((name) => environment[name]);
  const listed = (text: string) =>
    text
      .split(':')
      .filter(Boolean)
      .flatMap((place) => (place.endsWith('.json') ? [place] : jsonFiles(probe, place)));
  if (variable !== undefined) return { variable, files: listed(environment[variable]!) };
  const folders = [
    environment.XDG_CONFIG_HOME ?? path.join(home, '.config'),
    ...(environment.XDG_CONFIG_DIRS ?? '/etc/xdg').split(':'),
    '/etc',
    environment.XDG_DATA_HOME ?? path.join(home, '.local', 'share'),
    ...(environment.XDG_DATA_DIRS ?? '/usr/local/share:/usr/share').split(':'),
  ].filter(Boolean);
  const added = environment.VK_ADD_DRIVER_FILES;
  const files = [
    ...(added === undefined ? driverFiles.filter((file) => probe.exists(file)) : listed(added)),
    ...folders.flatMap((folder) => jsonFiles(probe, path.join(folder, 'vulkan', 'icd.d'))),
  ];
  return { files: [...new Set(files)] };
}

const jsonFiles = (probe: Probe, folder: string) =>
  probe
    .list(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => path.join(folder, name));

function driverFinding(
  probe: Probe,
  file: string,
  libraries: ReadonlyMap<string, string>,
): Finding {
  const what = 'Vulkan driver';
  const remedy = 'install the driver again, or name another in VK_DRIVER_FILES';
  if (!probe.exists(file)) return finding(what, 'failed', `${file} is not there`, remedy);
  const driver = driverSchema.safeParse(parseJson(probe.read(file)));
  if (!driver.success) return finding(what, 'failed', `${file} describes no driver`, remedy);
  const library = driver.data.ICD.library_path;
  // Without a slash it is looked for like any library, otherwise from the file's folder.
  const there = library.includes('/')
    ? probe.exists(path.resolve(path.dirname(file), library))
    : libraries.has(library);
  if (!there) return finding(what, 'failed', `${file}: no library ${library}`, remedy);
  return finding(what, 'ok', file, null);
}
