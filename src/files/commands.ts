/** Other programs, run to their end. */
import { spawnSync, type SpawnSyncOptions } from 'node:child_process';
import path from 'node:path';

/**
 * Runs a command and waits for it. What it writes goes to the terminal, unless `options` say otherwise.
 *
 * @throws Error naming the command and how it failed
 */
export function runCommand(
  command: string,
  parameters: readonly string[],
  options: SpawnSyncOptions = {},
): void {
  const { status, signal, error, stderr } = spawnSync(command, parameters, {
    stdio: 'inherit',
    ...options,
  });
  if (error === undefined && status === 0) return;
  // Where errors went to us and not to the terminal, their last line says most.
  const said = (stderr as Buffer | null)?.toString().trim().split('\n').at(-1);
  const code = signal ? `ended by ${signal}` : `exit code ${status}`;
  const reason = error?.message ?? (said ? `${code}: ${said}` : code);
  throw new Error(`${path.basename(command)} ${parameters.join(' ')} failed: ${reason}`);
}
