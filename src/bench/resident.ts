/** The highest resident set of this process so far. */
import { readFileSync } from 'node:fs';

/** @returns bytes (VmHWM of Linux); null on other systems */
export function residentPeakBytes(): number | null {
  // Not getrusage: its figure starts from what the parent process had.
  if (process.platform !== 'linux') return null;
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return found ? Number(found[1]) * 1024 : null;
}
