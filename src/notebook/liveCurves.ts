/** The losses of trainings as curves that move while they train. */
import { lossCurves, type LossCurveOptions } from '../figures/curves.js';
import type { Figure } from '../figures/figure.js';
import type { TrainingRecord } from '../training/train.js';
import { LiveFigure } from './show.js';

/**
 * Takes the steps of trainings as they come and draws their losses, now and then while they train and whole at
 * the end. Outside of a notebook only the end is drawn, as `show` does.
 */
export class LiveCurves {
  private readonly figure = new LiveFigure();
  private readonly curves = new Map<string, TrainingRecord[]>();

  constructor(
    private readonly title: string,
    private readonly options: Omit<LossCurveOptions, 'title'> = {},
  ) {}

  /**
   * Adds steps to a training's curve. Steps that are made again, as those of a run that goes on from a
   * checkpoint, take the place of what they and the steps after them were.
   */
  add(name: string, records: readonly TrainingRecord[]): void {
    const [first] = records;
    if (!first) return;
    const known = this.curves.get(name) ?? [];
    while (known.length > 0 && known.at(-1)!.step >= first.step) known.pop();
    for (const record of records) known.push(record);
    this.curves.set(name, known);
    this.figure.update(() => this.draw());
  }

  /** Draws everything, and waits for it. */
  async finish(): Promise<void> {
    await this.figure.finish(this.draw());
  }

  private draw(): Figure {
    const curves = [...this.curves].map(([name, records]) => ({ name, records }));
    return lossCurves(curves, { ...this.options, title: this.title });
  }
}
