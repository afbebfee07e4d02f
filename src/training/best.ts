/** The parameters with the lowest validation loss so far. */
import type { NamedValues } from '../tensor/parameters.js';

/** What it has kept. */
export interface BestState {
  readonly loss: number;
  readonly tensors: NamedValues;
}

export class Best {
  private kept?: BestState;

  /** Tells it of a loss; it reads the parameters when none was lower. */
  async observe(loss: number, read: () => Promise<NamedValues>): Promise<void> {
    if (loss >= (this.kept?.loss ?? Infinity)) return;
    this.kept = { loss, tensors: await read() };
  }

  /** Nothing before the first loss. */
  state(): BestState | undefined {
    return this.kept;
  }

  /** Goes on from where another was. */
  restore(state: BestState | undefined): void {
    this.kept = state;
  }
}
