/** The training that a configuration describes, put together: networks, batches, masking, losses, optimiser. */
import { ShuffledBatches, type BatchesState } from '../data/dataset.js';
import { EmojiPairs } from '../data/emoji/emojiPairs.js';
import { labelled, labelsOf } from '../data/labelled.js';
import { batchesAhead, fetchedBatches, Prefetch } from '../data/prefetch.js';
import { accuracyByScenario, type Accuracies } from '../evaluation/accuracy.js';
import { allScenarios } from '../evaluation/scenarios.js';
import { readMissingTable } from '../evaluation/food101Tables.js';
import { drawMissing, missingTable } from '../evaluation/missingTables.js';
import { inProject } from '../files/paths.js';
import { groupByMasked, sampleMasked, type MaskGroup } from '../mmp/masking.js';
import type { NamedValues } from '../tensor/parameters.js';
import { stream, type Stream } from '../tensor/random.js';
import { tf } from '../tensor/tf.js';
import { AdamW, type ParameterGroup } from '../training/adamw.js';
import type { TrainingState } from '../training/checkpoint.js';
import { Best } from '../training/best.js';
import { clipByGlobalNorm, clipByValue } from '../training/clipping.js';
import { Plateau, type PlateauState } from '../training/plateau.js';
import { constant, warmupLinear, warmupPolynomial, type Schedule } from '../training/schedule.js';
import type { Losses, Update } from '../training/update.js';
import type { RunConfig } from './config.js';
import {
  disposeModel,
  expectData,
  makeModel,
  partsOf,
  predictorOf,
  type Model,
  type RunDataset,
} from './model.js';
import { lossesOfGroups, mmpLosses, predictorLosses } from './objectives.js';
import { matchingAccuracy, pretrainingBatch } from './pretraining.js';
import { taskLosses } from './targets.js';

/** What a checkpoint holds beside tensors. */
interface Progress {
  readonly optimiser: Readonly<Record<string, number>>;
  readonly batches: BatchesState;
  readonly streams: Readonly<Record<string, readonly number[]>>;
  readonly plateau?: PlateauState;
  /** The lowest validation loss, where its parameters are kept */
  readonly best?: number;
}

export class Training {
  readonly model: Model;
  readonly optimiser: AdamW;
  private readonly batches: ShuffledBatches;
  private readonly streams: Readonly<
    Record<'masking' | 'words' | 'dropout' | 'augmentation', Stream>
  >;
  /** What each training sample lacks, where that is fixed */
  private readonly missing?: ReadonlyMap<number, readonly string[]>;
  private readonly plateau?: Plateau;
  private readonly best?: Best;
  private prefetch?: Prefetch;
  /** η by step */
  readonly learningRate: Schedule;

  /** @throws Error when the configuration does not fit the data set */
  constructor(
    readonly config: RunConfig,
    readonly dataset: RunDataset,
  ) {
    const { label, seed, budget, optimiser, freezeBase, masking, schedule } = config;
    const draws = (name: string) => stream(seed, `${label}/${name}`);
    this.batches = new ShuffledBatches(dataset.splits.train, budget.batchSize, draws('batches'));
    this.streams = {
      masking: draws('masking'),
      words: draws('words'),
      dropout: draws('dropout'),
      augmentation: draws('augmentation'),
    };
    // A masking of other modalities is refused now and not at the first step.
    if (masking?.kind === 'table') {
      const { train } = dataset.splits;
      const table = masking.file
        ? readMissingTable(inProject(masking.file), train.length, dataset.modalities)
        : missingTable(masking.shares!, dataset.modalities);
      const drawn = drawMissing(table, train.length, seed);
      this.missing = new Map(train.map((sample, place) => [sample, drawn[place]!]));
    } else if (masking) sampleMasked(dataset.modalities, masking, stream(seed, 'check'));
    this.model = makeModel(config, dataset);
    const groups = partsOf(this.model).flatMap(([name, parameters]): ParameterGroup[] => {
      if (name !== 'base') return [{ name, parameters, rate: optimiser.projectorRate }];
      return freezeBase === true
        ? []
        : [{ name, parameters, isTrained: trainedOf(config, this.model) }];
    });
    this.optimiser = new AdamW(groups, optimiser);
    if (schedule.kind === 'plateau') {
      this.plateau = new Plateau({ ...schedule, rate: optimiser.learningRate });
    }
    if (budget.keep === 'best') this.best = new Best();
    this.learningRate = this.plateau ? () => this.plateau!.rate : scheduleOf(config);
  }

  /** Resolves when what the next losses need is there, so many times. */
  async ready(batches: number): Promise<void> {
    if (!this.dataset.fetch) return;
    this.prefetch ??= this.fetchAhead();
    for (let batch = 0; batch < batches; batch++) await this.prefetch.ready();
  }

  /** Reads and decodes ahead what the next batches will be. */
  private fetchAhead(): Prefetch {
    const { dataset, config, batches } = this;
    const { train } = dataset.splits;
    const upcoming = new ShuffledBatches(train, config.budget.batchSize, stream(0, 'upcoming'));
    upcoming.restore(batches.state());
    return new Prefetch(dataset, upcoming, batchesAhead);
  }

  /** The losses of the next batch; which it is depends on the draws so far alone. */
  losses(): Losses {
    const samples = this.batches.next().value;
    const { base } = this.model;
    base.training = this.streams.dropout;
    try {
      return lossesOfGroups(
        this.groupsOf(samples).map(({ masked, samples: places }) => {
          const group = places.map((place) => samples[place]!);
          return { losses: this.lossesOf(group, masked), samples: group.length };
        }),
      );
    } finally {
      base.training = undefined;
    }
  }

  /** The samples of a batch by what they lack: all the same, or each its own (D10). */
  private groupsOf(samples: readonly number[]): MaskGroup[] {
    if (!this.missing) return [{ masked: this.drawMasked(), samples: [...samples.keys()] }];
    const { modalities } = this.dataset;
    return groupByMasked(
      modalities,
      samples.map((sample) => this.missing!.get(sample)!),
    );
  }

  private lossesOf(samples: readonly number[], masked: readonly string[]): Losses {
    const { dataset, config, streams, model } = this;
    const { base, projector, pretraining } = model;
    if (pretraining) {
      return pretraining.losses(
        pretrainingBatch(expectData(dataset, EmojiPairs), samples, streams),
      );
    }
    const { inputs, labels } = this.labelledOf(samples);
    const task = taskLosses[config.loss.task];
    return projector
      ? mmpLosses(base, projector, inputs, labels, masked, config.loss.alignment ?? 0, task)
      : predictorLosses(predictorOf(model, dataset), inputs, labels, masked, task);
  }

  /** Samples as they are trained on: augmented, or with some words hidden. */
  private labelledOf(samples: readonly number[]) {
    const { dataset, config, streams } = this;
    if (dataset.task === 'segmentation') return dataset.labelled(samples, streams.augmentation);
    const words =
      'wordDropout' in config.data
        ? { probability: config.data.wordDropout, random: streams.words }
        : undefined;
    return { inputs: dataset.inputs(samples, words), labels: labelsOf(dataset, samples) };
  }

  private drawMasked(): string[] {
    const { config, dataset, streams } = this;
    const { masking } = config;
    if (!masking || masking.kind === 'table') return [];
    const masked = sampleMasked(dataset.modalities, masking, streams.masking);
    // With the base frozen, an iteration that masks nothing would train nothing.
    const trainsNothing = masked.length === 0 && config.freezeBase === true;
    return trainsNothing ? this.drawMasked() : masked;
  }

  /**
   * The task loss on the validation split, with nothing missing or as the mean over all scenarios. A plateau
   * schedule follows it, and the best parameters are those with the lowest.
   */
  async validate(): Promise<number> {
    const { config, dataset, plateau, best } = this;
    const all = allScenarios(dataset.modalities);
    const scenarios = config.budget.validateOn === 'all' ? all : all.slice(0, 1);
    let sum = 0;
    for (const { masked } of scenarios) sum += await this.validationLoss(masked);
    const loss = sum / scenarios.length;
    plateau?.observe(loss);
    await best?.observe(loss, () => this.parameters());
    return loss;
  }

  private async validationLoss(masked: readonly string[]): Promise<number> {
    const { dataset, model, config } = this;
    const samples = dataset.splits.validation;
    const predictor = predictorOf(model, dataset);
    let sum = 0;
    for await (const batch of fetchedBatches(dataset, samples)) {
      const loss = tf.tidy(() => {
        const { inputs, labels } = labelled(dataset, batch);
        return taskLosses[config.loss.task](predictor(inputs, masked), labels);
      });
      const [value] = await loss.data();
      loss.dispose();
      sum += value! * batch.length;
    }
    return sum / samples.length;
  }

  /** Puts the parameters of the best validation in the place of those of the last step, where they are kept. */
  takeBest(): void {
    const best = this.best?.state();
    if (best) this.loadParameters(best.tensors);
  }

  /**
   * How well the model does on samples, by scenario; in pretraining, how well it matches.
   *
   * @param signal stops between two batches
   */
  async measure(samples: readonly number[], signal?: AbortSignal): Promise<Accuracies> {
    const { dataset, model } = this;
    const { pretraining } = model;
    if (pretraining) {
      return {
        matching: await matchingAccuracy(pretraining, expectData(dataset, EmojiPairs), samples),
      };
    }
    const scenarios = allScenarios(dataset.modalities);
    return accuracyByScenario(predictorOf(model, dataset), dataset, samples, scenarios, signal);
  }

  /** Everything that decides what comes after so many steps. */
  async state(step: number): Promise<TrainingState> {
    const optimiser = await this.optimiser.state();
    const best = this.best?.state();
    const tensors = await this.parameters();
    for (const [name, value] of best?.tensors ?? []) tensors.set(`${bestParameters}${name}`, value);
    for (const [name, value] of optimiser.moments) tensors.set(`${moments}${name}`, value);
    const progress: Progress = {
      optimiser: optimiser.steps,
      batches: this.batches.state(),
      streams: Object.fromEntries(
        Object.entries(this.streams).map(([name, one]) => [name, one.state()]),
      ),
      ...(this.plateau ? { plateau: this.plateau.state() } : {}),
      ...(best ? { best: best.loss } : {}),
    };
    return { step, tensors, progress };
  }

  /** The values of all parameters, under the name of their part. */
  private async parameters(): Promise<NamedValues> {
    const tensors: NamedValues = new Map();
    for (const [part, parameters] of partsOf(this.model)) {
      for (const [name, value] of await parameters.read()) tensors.set(`${part}/${name}`, value);
    }
    return tensors;
  }

  private loadParameters(tensors: NamedValues): void {
    for (const [part, parameters] of partsOf(this.model)) {
      parameters.load(under(tensors, `${part}/`));
    }
  }

  restore({ tensors, progress }: TrainingState): void {
    this.stopFetching();
    const { optimiser, batches, streams, plateau, best } = progress as Progress;
    this.loadParameters(tensors);
    this.optimiser.restore({ moments: under(tensors, moments), steps: optimiser });
    this.batches.restore(batches);
    for (const [name, one] of Object.entries(this.streams)) {
      // A checkpoint from before there was a stream has drawn nothing from it.
      if (streams[name]) one.restore(streams[name]);
    }
    if (plateau) this.plateau?.restore(plateau);
    this.best?.restore(
      best === undefined ? undefined : { loss: best, tensors: under(tensors, bestParameters) },
    );
  }

  private stopFetching(): void {
    void this.prefetch?.dispose();
    this.prefetch = undefined;
  }

  dispose(): void {
    this.stopFetching();
    this.optimiser.dispose();
    disposeModel(this.model);
  }
}

/** What the names of the optimiser's moments begin with among the tensors of a state. */
const moments = 'moments/';

/** And those of the best parameters, before the name of their part. */
const bestParameters = 'best/';

/** Whether a parameter of the base network is trained, by name. */
export function trainedOf({ freezeBase }: RunConfig, { base }: Model): (name: string) => boolean {
  return (name) =>
    !base.isFixed?.(name) && (freezeBase === 'exceptHead' ? base.isOfHead!(name) : !freezeBase);
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
