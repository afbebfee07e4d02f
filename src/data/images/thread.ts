/** One of the threads of threads.ts: prepares the pictures that it is sent. */
import { parentPort } from 'node:worker_threads';
import { preparePicture } from './prepare.js';
import type { PreparationAnswer, PreparationRequest } from './threads.js';

parentPort!.on('message', (request: PreparationRequest) => {
  void answerTo(request).then((answer) => {
    parentPort!.postMessage(answer);
  });
});

async function answerTo({ bytes, ...preparation }: PreparationRequest): Promise<PreparationAnswer> {
  try {
    return { picture: await preparePicture(bytes, preparation) };
  } catch (error) {
    return { failure: (error as Error).message };
  }
}
