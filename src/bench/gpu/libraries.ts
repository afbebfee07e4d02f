/** Shared libraries of this machine that another may lack. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** The C library belongs to a machine and its kernel, and every Linux has one. */
const ofTheSystem = /^(linux-vdso|ld-linux|libc\.so|libm\.so|libdl\.so|libpthread\.so|librt\.so)/;

/** The places of shared libraries by name, as the dynamic linker of this machine knows them. */
export function installedLibraries(): Map<string, string> {
  const found = new Map<string, string>();
  for (const program of ['ldconfig', '/sbin/ldconfig']) {
    const { status, stdout } = spawnSync(program, ['-p'], { encoding: 'utf8' });
    if (status !== 0) continue;
    for (const line of stdout.split('\n')) {
      // libvulkan.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libvulkan.so.1
      const [, name, kind, file] = /^\s*(\S+) \(([^)]*)\) => (\S+)$/.exec(line) ?? [];
      if (name !== undefined && kind!.includes('x86-64') && !found.has(name)) {
        found.set(name, file!);
      }
    }
    return found;
  }
  throw new Error('"ldconfig -p" does not run: it says where the shared libraries of Linux are');
}

/** The libraries that a program or library needs, and those need in turn, by name, but for the C library. */
export function librariesNeeded(file: string): Map<string, string> {
  const { status, stdout, error } = spawnSync('ldd', [file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ldd ${file} failed: ${error?.message ?? stdout.trim()}`);
  const needed = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [, name, place] = /^\s*(\S+) => (\/\S+) \(/.exec(line) ?? [];
    if (name !== undefined && !ofTheSystem.test(path.basename(name))) needed.set(name, place!);
  }
  return needed;
}
