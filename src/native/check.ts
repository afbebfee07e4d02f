/** Loads the build in the folder that the command line names, computes with it, and says what it runs on. */
import { describeBackend } from '../tensor/backend.js';
import { loadNative } from '../tensor/native.js';
import { tf } from '../tensor/tf.js';

async function check(folder: string): Promise<void> {
  loadNative(folder);
  await tf.setBackend('tensorflow');
  const [product] = await tf.matMul([[1, 2]], [[3], [4]]).data();
  if (product !== 11) throw new Error(`1·3 + 2·4 gave ${product}, not 11`);
  console.log(describeBackend().device);
}

check(process.argv[2]!).catch((error: unknown) => {
  // The first line is the reason; what Node adds is where it was asked for.
  console.error((error instanceof Error ? error.message : String(error)).split('\n')[0]);
  process.exitCode = 1;
});
