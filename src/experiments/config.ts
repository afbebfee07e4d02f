/**
 * The configuration of a run: everything that decides its numbers. What is not said is filled in here, and
 * what is wrong is refused here, before anything starts.
 */
import { z } from 'zod';
import { backendRequests } from '../tensor/backend.js';

/**
 * - `pretrained`: the base network, trained on everything
 * - `dropout`: the base network, with random modalities blanked in training
 * - `linear`: with one linear layer in the place of Eq. 2–6 (Table 5, "LP")
 * - `linear+align`: the same with the alignment loss (Table 5, "LP + Align")
 * - `mmp`: with Masked Modality Projection (Table 5, "CA + Align")
 */
export const methods = ['pretrained', 'dropout', 'linear', 'linear+align', 'mmp'] as const;
export type Method = (typeof methods)[number];

const count = z.int().positive();
const share = z.number().min(0).max(1);
const belowOne = z.number().min(0).lt(1);
const positive = z.number().positive();

const dataSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('emoji'),
    /** What is told apart: Unicode's 100 subgroups, or its 10 groups */
    labels: z.enum(['subgroup', 'group']).default('subgroup'),
    /** Probability that a word is hidden in training */
    wordDropout: share.default(0.3),
  }),
]);

const modelSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('smallVilt'),
    width: count.default(64),
    heads: count.default(4),
    layers: count.default(2),
    mlpRatio: count.default(2),
    patch: count.default(16),
  }),
]);

const mmpSchema = z.strictObject({
  /** H; the base network's when it is not said */
  heads: count.optional(),
  /** Width inside Eq. 6; d when it is not said (D4) */
  hidden: count.optional(),
  /** L, aggregated tokens per modality */
  aggregated: count.default(8),
  // Tokens are layer-normalised: questions of the same size differ from the start (notebook 3).
  aggregatedDeviation: positive.default(1),
  /** D1 */
  refine: z.enum(['tokens', 'aggregated']).default('tokens'),
  /** D7 */
  residual: z.boolean().default(true),
  preNorm: z.boolean().default(false),
});

const maskingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('uniform') }),
  z.strictObject({
    kind: z.literal('independent'),
    probability: z.record(z.string(), share),
  }),
  z.strictObject({
    kind: z.literal('scenarios'),
    masked: z.array(z.array(z.string())).min(1),
  }),
]);

const lossSchema = z.strictObject({
  task: z.enum(['crossEntropy', 'ohemCrossEntropy']).default('crossEntropy'),
  /** λ (D6); with 1 the tokens of emoji hardly align, the exercise of notebook 8 shows it */
  alignment: z.number().min(0).optional(),
});

const optimiserSchema = z.strictObject({
  /** The highest rate of the base network */
  learningRate: positive.default(2e-3),
  /** The rate of what projects tokens, as a multiple of the base network's */
  projectorRate: positive.default(1),
  betas: z.tuple([belowOne, belowOne]).default([0.9, 0.999]),
  epsilon: positive.default(1e-8),
  /** Of parameters with more than one axis */
  weightDecay: z.number().min(0).default(0.02),
  clipping: z
    .strictObject({
      kind: z.enum(['value', 'norm']),
      limit: positive,
    })
    .optional(),
  accumulation: z
    .strictObject({
      /** Batches of one update */
      batches: count,
      /** Adds the gradients up, as MMSA does for MulT, instead of taking their mean */
      sum: z.boolean().default(false),
      /** Clips after every batch what has come together so far, instead of once before the update */
      clipEach: z.boolean().default(false),
    })
    .optional(),
});

const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('polynomial'),
    /** Share of the steps in which the rate rises */
    warmup: belowOne.default(0.1),
    /** Share of the highest rate that the warm-up starts from */
    start: share.default(0.1),
    power: positive.default(0.9),
  }),
  z.strictObject({ kind: z.literal('linear'), warmup: belowOne.default(0.1) }),
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('plateau'),
    factor: z.number().positive().lt(1).default(0.1),
    /** Validations without a better loss that are waited for */
    patience: z.int().min(0).default(5),
  }),
]);

const budgetSchema = z.strictObject({
  steps: count.default(500),
  batchSize: count.default(32),
  /** Steps between two checkpoints */
  checkpointEvery: count.default(100),
  /** How many checkpoints are kept; the one before the last is for when the last is damaged */
  keepCheckpoints: z.int().min(2).default(2),
  /** Steps between two validations; none while training when it is not said */
  validateEvery: count.optional(),
});

const runSchema = z.strictObject({
  data: dataSchema.default({ name: 'emoji', labels: 'subgroup', wordDropout: 0.3 }),
  model: modelSchema.prefault({ name: 'smallVilt' }),
  method: z.enum(methods),
  /** What tables and figures call it; also names its random streams. The method, when it is not said */
  label: z.string().min(1).optional(),
  /** Another run, whose base network this one starts from */
  from: z.string().min(1).optional(),
  /** Whether the base network stays as it is and only what projects tokens is trained */
  freezeBase: z.boolean().default(false),
  mmp: mmpSchema.optional(),
  masking: maskingSchema.optional(),
  loss: lossSchema.prefault({}),
  optimiser: optimiserSchema.prefault({}),
  schedule: scheduleSchema.prefault({ kind: 'polynomial' }),
  budget: budgetSchema.prefault({}),
  seed: z.int().min(0).default(1),
  /** The fastest that runs, when it is not said */
  backend: z.enum(backendRequests).optional(),
});

/** What one writes: everything but the method may be left out. */
export type RunOptions = z.input<typeof runSchema>;

/** A configuration with everything filled in that has a value. */
export type RunConfig = z.output<typeof runSchema> & { readonly label: string };

/** Whether a method puts something in the place of missing tokens. */
export const projects = (method: Method): boolean =>
  method !== 'pretrained' && method !== 'dropout';

/** Whether a method aligns projected tokens with the real ones. */
export const aligns = (method: Method): boolean => method === 'mmp' || method === 'linear+align';

/**
 * Checks a configuration and fills in what it leaves out.
 *
 * @param source what errors call it, such as its file
 * @throws Error naming every key that is unknown, of the wrong type or impossible beside another
 */
export function resolveRun(options: unknown, source: string): RunConfig {
  const parsed = runSchema.safeParse(withKinds(options));
  if (!parsed.success) throw new Error(`${source}:\n${z.prettifyError(parsed.error)}`);
  const run = parsed.data;
  const { method } = run;
  const impossible = impossibilities(run);
  if (impossible.length > 0) throw new Error(`${source}:\n✖ ${impossible.join('\n✖ ')}`);
  return {
    ...run,
    label: run.label ?? method,
    ...(method === 'pretrained' ? {} : { masking: run.masking ?? { kind: 'uniform' } }),
    ...(method === 'mmp' ? { mmp: run.mmp ?? mmpSchema.parse({}) } : {}),
    ...(aligns(method) ? { loss: { ...run.loss, alignment: run.loss.alignment ?? 10 } } : {}),
  };
}

/** What a part of a configuration is when only its keys are given, as by `--set model.width=32`. */
const usualKinds = {
  data: { name: 'emoji' },
  model: { name: 'smallVilt' },
  schedule: { kind: 'polynomial' },
};

function withKinds(options: unknown): unknown {
  if (!isRecord(options)) return options;
  const parts = Object.entries(usualKinds).flatMap(([key, kind]) => {
    const part = options[key];
    return isRecord(part) ? [[key, { ...kind, ...part }] as const] : [];
  });
  return { ...options, ...Object.fromEntries(parts) };
}

/** What cannot be, although every key by itself is right. */
function impossibilities(run: z.output<typeof runSchema>): string[] {
  const { method, model, mmp, masking, loss, optimiser, schedule, budget } = run;
  const { freezeBase, from } = run;
  const found: string[] = [];
  if (mmp && method !== 'mmp') found.push(`mmp: the method "${method}" has none`);
  if (masking && method === 'pretrained') found.push('masking: "pretrained" masks nothing');
  if (loss.alignment !== undefined && !aligns(method)) {
    found.push(`loss.alignment: the method "${method}" aligns nothing`);
  }
  if (freezeBase && !projects(method)) {
    found.push(`freezeBase: the method "${method}" trains nothing but the base network`);
  }
  if (freezeBase && from === undefined) {
    found.push('freezeBase: an untrained base network would stay so; name a run in "from"');
  }
  if (model.width % model.heads !== 0) {
    found.push(`model.heads: ${model.heads} does not divide model.width ${model.width}`);
  }
  if (mmp?.heads !== undefined && model.width % mmp.heads !== 0) {
    found.push(`mmp.heads: ${mmp.heads} does not divide model.width ${model.width}`);
  }
  if (optimiser.accumulation?.clipEach && !optimiser.clipping) {
    found.push('optimiser.accumulation.clipEach: there is no optimiser.clipping');
  }
  if (schedule.kind === 'plateau' && budget.validateEvery === undefined) {
    found.push('schedule: "plateau" follows validations; say budget.validateEvery');
  }
  return found;
}

/** The keys, dotted, in which two configurations differ. */
export function differingKeys(one: unknown, other: unknown, key = ''): string[] {
  if (!isRecord(one) || !isRecord(other)) return one === other ? [] : [key];
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].flatMap((name) =>
    differingKeys(one[name], other[name], key === '' ? name : `${key}.${name}`),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
