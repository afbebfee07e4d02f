/**
 * The process of one check: `main.js CHECK [argument]`. What libraries write and how they end must not be
 * mistaken for the result, so it stands on a line of its own behind a mark.
 */
import { replyMark } from './mark.js';

/** Each check loads only what it needs. */
const checks: Readonly<Record<string, (argument: string) => unknown>> = {
  backend: async (request) => (await import('./backend.js')).checkBackend(request),
  choice: async () => (await import('./backend.js')).chooseBackend(),
  figure: async () => (await import('./figure.js')).checkFigure(),
  emoji: async () => (await import('./emoji.js')).checkEmoji(),
};

async function main(): Promise<void> {
  const [name = '', argument = ''] = process.argv.slice(2);
  const check = checks[name];
  if (!check) throw new Error(`there is no check "${name}"`);
  tell({ reply: await check(argument) });
}

function tell(message: unknown): void {
  // Threads of a backend would keep the process alive.
  process.stdout.write(`\n${replyMark}${JSON.stringify(message)}\n`, () => process.exit());
}

main().catch((error: unknown) => {
  // What Node adds on further lines is where a package was asked for.
  tell({ error: (error instanceof Error ? error.message : String(error)).split('\n')[0] });
});
