/** A learning rate that falls when a loss does so no more. */

export interface PlateauOptions {
  /** The rate at first */
  readonly rate: number;
  /** What the rate is multiplied by; 0.1 by default */
  readonly factor?: number;
  /** How many losses in a row may be no better before the next one lowers the rate; 10 by default */
  readonly patience?: number;
  /** Share of the best loss by which another has to be below it to be better; 10⁻⁴ by default */
  readonly threshold?: number;
  /** 0 by default */
  readonly lowestRate?: number;
}

/** What it has seen so far; plain JSON. */
export interface PlateauState {
  readonly rate: number;
  /** The lowest loss, null before the first */
  readonly best: number | null;
  /** Losses in a row that were no better */
  readonly waited: number;
}

/** A change of the rate that is smaller is none. */
const leastChange = 1e-8;

/**
 * PyTorch's `ReduceLROnPlateau` in its mode `min`, with its defaults.
 *
 * @example
 * const plateau = new Plateau({ rate: 2e-3, patience: 5 });
 * plateau.observe(validationLoss); // once an epoch
 * const learningRate: Schedule = () => plateau.rate;
 */
export class Plateau {
  private readonly options: Required<PlateauOptions>;
  private current: PlateauState;

  constructor(options: PlateauOptions) {
    const defaults = { factor: 0.1, patience: 10, threshold: 1e-4, lowestRate: 0 };
    this.options = { ...defaults, ...options };
    const { factor } = this.options;
    if (!(factor > 0 && factor < 1)) {
      throw new Error(`Plateau: factor must be between 0 and 1, got ${factor}`);
    }
    this.current = { rate: options.rate, best: null, waited: 0 };
  }

  get rate(): number {
    return this.current.rate;
  }

  /** Tells it of a loss. */
  observe(loss: number): void {
    const { patience, threshold } = this.options;
    const { rate, best, waited } = this.current;
    if (loss < (best ?? Infinity) * (1 - threshold)) {
      this.current = { rate, best: loss, waited: 0 };
    } else if (waited < patience) {
      this.current = { rate, best, waited: waited + 1 };
    } else {
      this.current = { rate: this.lowered(rate), best, waited: 0 };
    }
  }

  state(): PlateauState {
    return { ...this.current };
  }

  /** Goes on from where another was. */
  restore(state: PlateauState): void {
    this.current = { ...state };
  }

  private lowered(rate: number): number {
    const { factor, lowestRate } = this.options;
    const lower = Math.max(rate * factor, lowestRate);
    return rate - lower > leastChange ? lower : rate;
  }
}
