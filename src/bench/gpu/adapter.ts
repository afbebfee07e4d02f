/** A process that starts WebGPU, multiplies something with it, and writes on what it runs as JSON. */
import { useBackend } from '../../tensor/backend.js';
import { tf } from '../../tensor/tf.js';

async function main(): Promise<void> {
  const description = await useBackend('webgpu');
  const [product] = await tf.matMul([[1, 2]], [[3], [4]]).data();
  if (product !== 11) throw new Error(`1·3 + 2·4 gave ${product}, not 11`);
  console.log(JSON.stringify(description));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
