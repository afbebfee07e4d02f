/** Progress outside of a notebook: a bar that is drawn over on a terminal, a few plain lines elsewhere. */
import { clearLine, cursorTo } from 'node:readline';
import type { WriteStream } from 'node:tty';
import type { ProgressPlace } from './progress.js';

export function consolePlace(): ProgressPlace {
  return process.stdout.isTTY ? terminalBar(process.stdout) : plainLines();
}

const barWidth = 20;
const usualWidth = 80;

/**
 * Not cli-progress's bar: that one leads the cursor back to where it began, over what the program has
 * printed meanwhile, and keeps a program alive that forgets to end it.
 */
export function terminalBar(terminal: WriteStream): ProgressPlace {
  const over = (text: string) => {
    cursorTo(terminal, 0);
    clearLine(terminal, 0);
    terminal.write(text);
  };
  return {
    draw: (line, share) => {
      // A line that is broken could not be drawn over. Some terminals say 0 for a width that they do not know.
      const width = terminal.columns || usualWidth;
      over(`${share === undefined ? '' : barOf(share)}${line}`.slice(0, width - 1));
    },
    end: (line) => {
      over(`${line}\n`);
    },
  };
}

function barOf(share: number): string {
  const full = Math.min(barWidth, Math.floor(share * barWidth));
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)} `;
}

/** The least time between two lines: where it is known how much there is to do, and where it is not. */
const lineEvery = { known: 1000, unknown: 10_000 };

/** Seldom a line, and at most one per tenth of the work, so that logs stay readable. */
function plainLines(): ProgressPlace {
  let last = Date.now();
  let tenths = 0;
  return {
    draw: (line, share) => {
      const now = Date.now();
      const reached = Math.floor(10 * (share ?? 0));
      const due =
        share === undefined
          ? now - last >= lineEvery.unknown
          : now - last >= lineEvery.known && reached > tenths && share < 1;
      if (!due) return;
      [last, tenths] = [now, reached];
      console.log(line);
    },
    end: (line) => {
      console.log(line);
    },
  };
}
