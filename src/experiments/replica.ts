/** A replica: a thread that computes the gradients of its part of every batch. */
import { parentPort, workerData } from 'node:worker_threads';
import { useBackend } from '../tensor/backend.js';
import { tf } from '../tensor/tf.js';
import { setThreadCount } from '../tensor/wasm/team.js';
import { Exchange } from '../training/exchange.js';
import { applyGradients, computeGradients, type Computed } from '../training/update.js';
import { loadData } from './model.js';
import type { FromReplica, ReplicaData, ToReplica } from './replicas.js';
import { Training, updateOptions } from './training.js';

async function main({
  config,
  state,
  replica,
  memory,
  backend,
  threads,
}: ReplicaData): Promise<void> {
  setThreadCount(threads);
  await useBackend(backend);
  const training = new Training(config, loadData(config), replica);
  training.restore(state);
  const { optimiser } = training;
  const exchange = new Exchange(optimiser.variables, replica, config.replicas, memory);
  const update = { ...updateOptions(config), optimiser, losses: () => training.losses() };
  let computed: Computed | undefined;
  parentPort!.on('message', (message: ToReplica) => {
    if ('compute' in message) {
      computed = computeGradients(update);
      void answer(computed);
    } else {
      const means = exchange.mean(computed!.gradients);
      applyGradients(means, { ...update, ...message });
      tf.dispose([means, computed!.gradients]);
    }
  });

  /** Writes the gradients, then tells the losses. A failure ends the thread, which fails the step. */
  async function answer({ losses, gradients }: Computed): Promise<void> {
    await exchange.write(gradients);
    const values = Object.entries(losses).map(
      async ([name, loss]) => [name, (await loss.data())[0]!] as const,
    );
    parentPort!.postMessage(Object.fromEntries(await Promise.all(values)) satisfies FromReplica);
    tf.dispose(losses);
  }
}

void main(workerData as ReplicaData);
