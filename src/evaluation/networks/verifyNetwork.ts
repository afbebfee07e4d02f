/** Does a base network of ours, on the current backend, reproduce what its reference code computed? */
import { tf } from '../../tensor/tf.js';
import { compareAll, type Comparison } from '../compare.js';
import { cmnext } from './cmnext.js';
import { readNetworkCase } from './folder.js';
import { lmf, tfn } from './fusion.js';
import { mult } from './mult.js';
import type { VerifiedNetwork } from './network.js';
import { vilt } from './vilt.js';

const networks: readonly VerifiedNetwork[] = [vilt, mult, tfn, lmf, cmnext];

/** Far below any output of a network, so that it hides nothing */
const floor = () => 1e-6;

/**
 * Verifies the case in a folder.
 *
 * @throws Error naming the file that is absent, damaged, of no network that is known, or does not fit
 */
export async function verifyNetwork(
  folder: string,
): Promise<{ about: string; comparisons: Comparison[] }> {
  const golden = readNetworkCase(folder);
  const network = networks.find((each) => each.recognises(golden.config));
  if (!network) {
    const known = networks.map(({ name }) => name).join(', ');
    throw new Error(`${golden.files.config}: of no network that is known (${known})`);
  }
  const { made, expected } = await network.run(golden);
  try {
    return { about: network.name, comparisons: await compareAll(made, expected, floor) };
  } finally {
    tf.dispose(made);
  }
}
