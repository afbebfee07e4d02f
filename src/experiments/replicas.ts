/**
 * Data parallel training: replicas of the networks in threads of this process, each with an equal part of every
 * batch. All draw the same batches and masks, take the mean of their gradients and make the same update, so
 * their parameters stay the same to the last bit. Against training without replicas the sums of gradients are
 * rounded in another order: nothing else differs.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describeBackend, runsInWorkers, type BackendName } from '../tensor/backend.js';
import { tf } from '../tensor/tf.js';
import { setThreadCount, threadCount } from '../tensor/wasm/team.js';
import type { TrainingState } from '../training/checkpoint.js';
import { Exchange } from '../training/exchange.js';
import { applyGradients, computeGradients, type Losses, type Update } from '../training/update.js';
import type { RunConfig } from './config.js';
import type { Training } from './training.js';

/** What a replica is told at its start. */
export interface ReplicaData {
  readonly config: RunConfig;
  readonly state: TrainingState;
  readonly replica: number;
  readonly memory: SharedArrayBuffer;
  readonly backend: BackendName;
  readonly threads: number;
}

/** What a replica is told at every step: to compute its gradients, and when all have written to make the update. */
export type ToReplica = { readonly compute: true } | { readonly learningRate: number };

/** What a replica answers when its gradients are written: its losses. */
export type FromReplica = Readonly<Record<string, number>>;

/** @throws Error when the backend has no room for replicas */
export function expectReplicas({ replicas }: RunConfig): void {
  const { name } = describeBackend();
  if (replicas === 1 || runsInWorkers(name)) return;
  throw new Error(`replicas: ${name} uses the whole machine by itself; say 1, or --backend wasm`);
}

export class Replicas {
  private readonly exchange: Exchange;
  private readonly workers: Worker[];
  private readonly threads = threadCount();

  /**
   * Starts the other replicas beside the first, which trains here.
   *
   * @param done steps so far
   * @returns nothing where there are no others
   */
  static async beside(training: Training, done: number): Promise<Replicas | undefined> {
    if (training.config.replicas === 1) return undefined;
    return new Replicas(training, await training.state(done));
  }

  private constructor(training: Training, state: TrainingState) {
    const { config, optimiser } = training;
    const { replicas } = config;
    const threads = Math.max(1, Math.floor(availableParallelism() / replicas));
    setThreadCount(threads);
    this.exchange = new Exchange(optimiser.variables, 0, replicas);
    const common = { config, state, memory: this.exchange.memory, threads };
    this.workers = Array.from({ length: replicas - 1 }, (_, other) => {
      const backend = describeBackend().name;
      const workerData: ReplicaData = { ...common, backend, replica: other + 1 };
      return new Worker(path.join(__dirname, 'replica.js'), { workerData });
    });
  }

  /** An update by all replicas; in the place of `updateParameters`. */
  async update(update: Update): Promise<Losses> {
    this.tell({ compute: true });
    const answers = Promise.all(this.workers.map((worker) => once(worker, 'message')));
    const { losses, gradients } = computeGradients(update);
    await this.exchange.write(gradients);
    const others = (await answers).map(([answer]) => answer as FromReplica);
    this.tell({ learningRate: update.learningRate });
    const means = this.exchange.mean(gradients);
    applyGradients(means, update);
    const all = tf.tidy(() => meanLosses(losses, others));
    tf.dispose([losses, gradients, means]);
    return all;
  }

  async close(): Promise<void> {
    setThreadCount(this.threads);
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }

  private tell(message: ToReplica): void {
    for (const worker of this.workers) worker.postMessage(message);
  }
}

function meanLosses(losses: Losses, others: readonly FromReplica[]): Losses {
  const means = Object.entries(losses).map(([name, loss]) => {
    const sum = others.reduce((total, other) => total + other[name]!, 0);
    return [name, tf.div(tf.add(loss, sum), others.length + 1)];
  });
  return Object.fromEntries(means) as Losses;
}
