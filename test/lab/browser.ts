/** The Chromium of this machine, without a window. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import puppeteer, { type Browser } from 'puppeteer-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * Starts Chromium. It ends with this process, also on Ctrl+C, which puppeteer answers with exit code 130.
 *
 * @throws Error that says how to install it when there is none
 */
export async function openBrowser(): Promise<Browser> {
  // Chromium has no sandbox for root and refuses to start there with one.
  const forRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return puppeteer.launch({
    executablePath: chromium(),
    args: forRoot,
    defaultViewport: { width: 1280, height: 1000 },
  });
}

function chromium(): string {
  const named = process.env.CHROME_PATH;
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw new Error(`CHROME_PATH is ${named}, which is not there`);
  }
  const onPath = (process.env.PATH ?? '')
    .split(path.delimiter)
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find(existsSync);
  return onPath ?? installedChrome();
}

/** Google Chrome where its installer puts it, for macOS and Windows. */
function installedChrome(): string {
  try {
    return puppeteer.executablePath('chrome');
  } catch (error) {
    throw new Error(
      'there is no Chromium: install it (Debian: "apt install chromium"; elsewhere Google Chrome), ' +
        `or name it in CHROME_PATH; looked for ${names.join(', ')} on the PATH`,
      { cause: error },
    );
  }
}
