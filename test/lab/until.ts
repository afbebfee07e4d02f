/** Waiting for what happens elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';

const askEvery = 30;

/**
 * Asks again and again whether something holds.
 *
 * @returns false when it did not within so many seconds
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  seconds: number,
): Promise<boolean> {
  const deadline = Date.now() + 1000 * seconds;
  while (!(await holds())) {
    if (Date.now() > deadline) return false;
    await sleep(askEvery);
  }
  return true;
}
