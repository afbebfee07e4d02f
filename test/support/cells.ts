/**
 * Executes cells in the kernel of another copy of the project, in a process of its own so that the two copies
 * do not meet: `fork(this, [client, folder])`, then a cell per message; what it shows comes back.
 */
import { createRequire } from 'node:module';
import type { KernelClient } from '../../src/notebook/client.js';

const [client, folder] = process.argv.slice(2) as [string, string];
const { KernelClient: Client } = createRequire(__filename)(client) as {
  KernelClient: typeof KernelClient;
};
const starting = Client.start({ folder });

async function run(code: string): Promise<string> {
  const shown: string[] = [];
  const kernel = await starting;
  await kernel.execute(code, ({ output: { data, ename, evalue } }) => {
    const text = (data as Record<string, string> | undefined)?.['text/plain'];
    shown.push(text ?? `${String(ename)}: ${String(evalue)}`);
  });
  return shown.join('\n');
}

process.on('message', (code: string) => {
  void run(code).then((shown) => process.send!(shown));
});
process.on('disconnect', () => {
  void starting.then((kernel) => kernel.stop());
});
