/** The training that a configuration describes, put together: networks, batches, masking, losses, optimiser. */
import { ShuffledBatches, type BatchesState } from '../data/dataset.js';
import type { EmojiDataset } from '../data/emoji/emoji.js';
import { predictLogits } from '../evaluation/accuracy.js';
import { sampleMasked } from '../mmp/masking.js';
import type { NamedValues } from '../tensor/parameters.js';
import { stream, type Stream } from '../tensor/random.js';
import { tf } from '../tensor/tf.js';
import { AdamW } from '../training/adamw.js';
import type { TrainingState } from '../training/checkpoint.js';
import { clipByGlobalNorm, clipByValue } from '../training/clipping.js';
import { crossEntropy } from '../training/crossEntropy.js';
import { ohemCrossEntropy } from '../training/ohem.js';
import { Plateau, type PlateauState } from '../training/plateau.js';
import { constant, warmupLinear, warmupPolynomial, type Schedule } from '../training/schedule.js';
import type { Losses, Update } from '../training/update.js';
import type { RunConfig } from './config.js';
import { disposeModel, makeModel, partsOf, predictorOf, type Model } from './model.js';
import { baseLosses, mmpLosses } from './objectives.js';

/** What a checkpoint holds beside tensors. */
interface Progress {
  readonly optimiser: Readonly<Record<string, number>>;
  readonly batches: BatchesState;
  readonly streams: Readonly<Record<string, readonly number[]>>;
  readonly plateau?: PlateauState;
}

export class Training {
  readonly model: Model;
  readonly optimiser: AdamW;
  private readonly batches: ShuffledBatches;
  private readonly streams: Readonly<Record<'masking' | 'words', Stream>>;
  private readonly plateau?: Plateau;
  /** η by step */
  readonly learningRate: Schedule;

  /** @throws Error when the configuration does not fit the data set */
  constructor(
    readonly config: RunConfig,
    readonly dataset: EmojiDataset,
  ) {
    const { label, seed, budget, optimiser, freezeBase, masking, schedule } = config;
    const draws = (name: string) => stream(seed, `${label}/${name}`);
    this.batches = new ShuffledBatches(dataset.splits.train, budget.batchSize, draws('batches'));
    this.streams = { masking: draws('masking'), words: draws('words') };
    // A masking of other modalities is refused now and not at the first step.
    if (masking) sampleMasked(dataset.modalities, masking, stream(seed, 'check'));
    this.model = makeModel(config, dataset);
    const trained = partsOf(this.model).filter(([part]) => !(freezeBase && part === 'base'));
    const groups = trained.map(([name, parameters]) => ({
      name,
      parameters,
      rate: name === 'base' ? 1 : optimiser.projectorRate,
    }));
    this.optimiser = new AdamW(groups, optimiser);
    if (schedule.kind === 'plateau') {
      this.plateau = new Plateau({ ...schedule, rate: optimiser.learningRate });
    }
    this.learningRate = this.plateau ? () => this.plateau!.rate : scheduleOf(config);
  }

  /** The losses of the next batch; which it is depends on the draws so far alone. */
  losses(): Losses {
    const { dataset, config, streams } = this;
    const { base, projector } = this.model;
    const samples = this.batches.next().value;
    const masked = this.drawMasked();
    const wordDropout = { probability: config.data.wordDropout, random: streams.words };
    const inputs = dataset.inputs(samples, wordDropout);
    const labels = labelsOf(dataset, samples);
    const task = taskLosses[config.loss.task];
    return projector
      ? mmpLosses(base, projector, inputs, labels, masked, config.loss.alignment ?? 0, task)
      : baseLosses(base, inputs, labels, masked, task);
  }

  private drawMasked(): string[] {
    const { config, dataset, streams } = this;
    if (!config.masking) return [];
    const masked = sampleMasked(dataset.modalities, config.masking, streams.masking);
    // With the base frozen, an iteration that masks nothing would train nothing.
    return masked.length === 0 && config.freezeBase ? this.drawMasked() : masked;
  }

  /** The task loss on the validation split with nothing missing; a plateau schedule follows it. */
  async validate(): Promise<number> {
    const { dataset, model, config } = this;
    const samples = dataset.splits.validation;
    const logits = await predictLogits(predictorOf(model), dataset, samples, []);
    const loss = tf.tidy(() =>
      taskLosses[config.loss.task](tf.stack(logits), labelsOf(dataset, samples)),
    );
    const [value] = await loss.data();
    loss.dispose();
    this.plateau?.observe(value!);
    return value!;
  }

  /** Everything that decides what comes after so many steps. */
  async state(step: number): Promise<TrainingState> {
    const optimiser = await this.optimiser.state();
    const tensors: NamedValues = new Map();
    for (const [part, parameters] of partsOf(this.model)) {
      for (const [name, value] of await parameters.read()) tensors.set(`${part}/${name}`, value);
    }
    for (const [name, value] of optimiser.moments) tensors.set(`${moments}${name}`, value);
    const progress: Progress = {
      optimiser: optimiser.steps,
      batches: this.batches.state(),
      streams: Object.fromEntries(
        Object.entries(this.streams).map(([name, one]) => [name, one.state()]),
      ),
      ...(this.plateau ? { plateau: this.plateau.state() } : {}),
    };
    return { step, tensors, progress };
  }

  restore({ tensors, progress }: TrainingState): void {
    const { optimiser, batches, streams, plateau } = progress as Progress;
    for (const [part, parameters] of partsOf(this.model)) {
      parameters.load(under(tensors, `${part}/`));
    }
    this.optimiser.restore({ moments: under(tensors, moments), steps: optimiser });
    this.batches.restore(batches);
    for (const [name, one] of Object.entries(this.streams)) one.restore(streams[name]!);
    if (plateau) this.plateau?.restore(plateau);
  }

  dispose(): void {
    this.optimiser.dispose();
    disposeModel(this.model);
  }
}

/** What the names of the optimiser's moments begin with among the tensors of a state. */
const moments = 'moments/';

const taskLosses = { crossEntropy, ohemCrossEntropy };

function labelsOf(dataset: EmojiDataset, samples: readonly number[]): tf.Tensor {
  return tf.tensor1d(
    samples.map((sample) => dataset.labels[sample]!),
    'int32',
  );
}

function scheduleOf({ schedule, optimiser, budget }: RunConfig): Schedule {
  const { learningRate: peak } = optimiser;
  const { steps: totalSteps } = budget;
  switch (schedule.kind) {
    case 'polynomial': {
      const warmupSteps = Math.round(schedule.warmup * totalSteps);
      return warmupPolynomial({ peak, totalSteps, ...schedule, warmupSteps });
    }
    case 'linear':
      return warmupLinear({
        peak,
        totalSteps,
        warmupSteps: Math.round(schedule.warmup * totalSteps),
      });
    default:
      return constant(peak);
  }
}

/** How an update of the parameters is made. */
export function updateOptions({ optimiser }: RunConfig): Pick<Update, 'clipping' | 'accumulation'> {
  const { clipping, accumulation } = optimiser;
  const clippings = { value: clipByValue, norm: clipByGlobalNorm };
  return {
    ...(clipping ? { clipping: clippings[clipping.kind](clipping.limit) } : {}),
    ...(accumulation ? { accumulation } : {}),
  };
}

/** The entries of which the names begin so, by the rest of their names. */
function under(tensors: NamedValues, prefix: string): NamedValues {
  const found = [...tensors].filter(([name]) => name.startsWith(prefix));
  return new Map(found.map(([name, value]) => [name.slice(prefix.length), value]));
}
