/**
 * The gradients of replicas, exchanged in memory that all of them see. Each writes its own and then adds up
 * everybody's in the same order, so that all come to the same bits.
 */
import { tf } from '../tensor/tf.js';

export class Exchange {
  private readonly offsets = new Map<string, number>();
  private readonly values: Float32Array;
  /** Two areas that take turns: a fast replica writes the next gradients while a slow one still reads these. */
  private turn = 0;

  /**
   * @param variables what is trained, the same and in the same order in every replica
   * @param replica the number of this one, of `replicas`
   */
  constructor(
    private readonly variables: readonly tf.Variable[],
    private readonly replica: number,
    private readonly replicas: number,
    readonly memory: SharedArrayBuffer = new SharedArrayBuffer(8 * replicas * sizeOf(variables)),
  ) {
    this.values = new Float32Array(memory);
    let offset = 0;
    for (const { name, size } of variables) {
      this.offsets.set(name, offset);
      offset += size;
    }
  }

  /** Gives this replica's gradients to the others. */
  async write(gradients: tf.NamedTensorMap): Promise<void> {
    this.turn = 1 - this.turn;
    const reads = Object.entries(gradients).map(async ([name, gradient]) => {
      this.values.set(await gradient.data(), this.placeOf(name, this.replica));
    });
    await Promise.all(reads);
  }

  /**
   * The means over all replicas, once each has written.
   *
   * @param gradients this replica's; the others have gradients of the same variables
   */
  mean(gradients: tf.NamedTensorMap): tf.NamedTensorMap {
    const means = Object.entries(gradients).map(([name, { shape, size }]) => {
      const sum = new Float32Array(size);
      for (let replica = 0; replica < this.replicas; replica++) {
        const start = this.placeOf(name, replica);
        for (let index = 0; index < size; index++) sum[index]! += this.values[start + index]!;
      }
      const mean = sum.map((value) => value / this.replicas);
      return [name, tf.tensor(mean, shape)] as const;
    });
    return Object.fromEntries(means);
  }

  private placeOf(name: string, replica: number): number {
    const size = sizeOf(this.variables);
    return (this.turn * this.replicas + replica) * size + this.offsets.get(name)!;
  }
}

const sizeOf = (variables: readonly tf.Variable[]): number =>
  variables.reduce((sum, { size }) => sum + size, 0);
