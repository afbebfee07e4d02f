/**
 * The configuration of a run: everything that decides its numbers. What is not said is filled in here, and
 * what is wrong is refused here, before anything starts.
 */
import { z } from 'zod';
import type { Task } from '../data/dataset.js';
import { mmpSchema, runSchema, type Method } from './schema.js';

export { methods, type Method } from './schema.js';

/** What one writes: everything but the method may be left out. */
export type RunOptions = z.input<typeof runSchema>;

/** A configuration with everything filled in that has a value. */
export type RunConfig = z.output<typeof runSchema> & {
  readonly label: string;
  readonly freezeBase: boolean | 'exceptHead';
  readonly loss: { readonly task: TaskLossName };
};

type TaskLossName = NonNullable<z.output<typeof runSchema>['loss']['task']>;

/** Whether a method puts something in the place of missing tokens. */
export const projects = (method: Method): boolean => aligns(method) || method === 'linear';

/** Whether a method aligns projected tokens with the real ones. */
export const aligns = (method: Method): boolean => method === 'mmp' || method === 'linear+align';

/** Prompts and adaptations are for a network that is not trained any more (Lee et al. 2023, Reza et al. 2023). */
const usualFreeze = (method: Method): boolean | 'exceptHead' =>
  method === 'prompts' ? 'exceptHead' : method === 'adaptation';

const masksNothing = (method: Method): boolean =>
  method === 'pretraining' || method === 'pretrained';

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
    freezeBase: run.freezeBase ?? usualFreeze(method),
    ...(masksNothing(method) ? {} : { masking: run.masking ?? { kind: 'uniform' } }),
    ...(method === 'mmp' ? { mmp: run.mmp ?? mmpSchema.parse({}) } : {}),
    loss: {
      ...run.loss,
      task: run.loss.task ?? (taskOfRun(run) === 'regression' ? 'l1' : 'crossEntropy'),
      ...(aligns(method) ? { alignment: run.loss.alignment ?? 10 } : {}),
    },
  };
}

/**
 * What parts of a configuration are when only other keys of them are given, as by `--set model.width=32`. Which
 * network it is goes with the data.
 */
function withKinds(options: unknown): unknown {
  if (!isRecord(options)) return options;
  const { data, model = {}, schedule } = options;
  const dataName = isRecord(data) && data.name !== undefined ? data.name : 'emoji';
  const named = (part: unknown, kind: Record<string, unknown>) =>
    isRecord(part) ? { ...kind, ...part } : part;
  return {
    ...options,
    ...(data === undefined ? {} : { data: named(data, { name: 'emoji' }) }),
    model: named(model, { name: networksOf(dataName)[0] }),
    ...(schedule === undefined ? {} : { schedule: named(schedule, { kind: 'polynomial' }) }),
  };
}

/** The networks that read a data set, the usual one first. */
const networksOf = (data: unknown): readonly string[] => networksByData[String(data)] ?? ['vilt'];

const networksByData: Readonly<Record<string, readonly string[] | undefined>> = {
  emoji: ['smallVilt'],
  syntheticSentiment: ['mult', 'tfn', 'lmf'],
  mosi: ['mult', 'tfn', 'lmf'],
  scenes: ['cmnext'],
  mcubes: ['cmnext'],
  nyudv2: ['cmnext'],
  fmb: ['cmnext'],
};

/** What is to be predicted: a class of a sample, of clips a number, of images of scenes a class of every pixel. */
export const taskOfRun = ({ data }: Pick<z.output<typeof runSchema>, 'data'>): Task =>
  tasksByData[data.name] ?? 'classification';

const tasksByData: Readonly<Record<string, Task | undefined>> = {
  syntheticSentiment: 'regression',
  mosi: 'regression',
  scenes: 'segmentation',
  mcubes: 'segmentation',
  nyudv2: 'segmentation',
  fmb: 'segmentation',
};

/** d and H where tokens are projected; networks with a single token of a modality have none. */
export function tokenSizesOf(
  model: z.output<typeof runSchema>['model'],
): { readonly width: number; readonly heads: number } | undefined {
  if (model.name === 'cmnext') return { width: model.embedDims[0], heads: model.heads[0] };
  return 'width' in model ? model : undefined;
}

/** What cannot be, although every key by itself is right. */
function impossibilities(run: z.output<typeof runSchema>): string[] {
  const { method, data, model, mmp, prompts, masking, loss, optimiser, schedule, budget } = run;
  const { freezeBase, from, adaptation } = run;
  const task = taskOfRun(run);
  const sizes = tokenSizesOf(model);
  const found: string[] = [];
  const networks = networksOf(data.name);
  if (!networks.includes(model.name)) {
    found.push(`model: the data "${data.name}" need the network "${networks.join('" or "')}"`);
  }
  if (loss.task !== undefined && (loss.task === 'l1') !== (task === 'regression')) {
    const labels = task === 'regression' ? 'numbers' : 'classes';
    found.push(
      `loss.task: "${loss.task}" is not for labels that are ${labels}, as of "${data.name}"`,
    );
  }
  if (method === 'prompts' && !prompts) found.push('prompts: say prompts.level');
  if (prompts && method !== 'prompts') found.push(`prompts: the method "${method}" has none`);
  if (prompts && model.name !== 'vilt') found.push(`prompts: "${model.name}" takes none`);
  if (prompts?.level === 'attention' && prompts.length % 2 === 1) {
    found.push(`prompts.length: half of them are keys and half values, so not ${prompts.length}`);
  }
  if (prompts?.layers !== undefined && 'layers' in model && prompts.layers > model.layers) {
    found.push(`prompts.layers: ${prompts.layers} are more than model.layers ${model.layers}`);
  }
  if (method === 'adaptation' && !adaptation) found.push('adaptation: say adaptation.kind');
  if (adaptation && method !== 'adaptation') {
    found.push(`adaptation: the method "${method}" has none`);
  }
  if (projects(method) && !sizes) {
    found.push(`model: "${model.name}" has one token of a modality; "${method}" needs several`);
  }
  if (projects(method) && data.name === 'food101' && data.shape !== 'square') {
    found.push('data.shape: what projects needs a constant number of tokens, "square"');
  }
  if (mmp && method !== 'mmp') found.push(`mmp: the method "${method}" has none`);
  if (masking && masksNothing(method)) found.push(`masking: "${method}" masks nothing`);
  if (masking?.kind === 'table' && !masking.shares === !masking.file) {
    found.push('masking: "table" needs either shares or a file');
  }
  if (loss.alignment !== undefined && !aligns(method)) {
    found.push(`loss.alignment: the method "${method}" aligns nothing`);
  }
  if (method === 'pretraining' && data.name !== 'emojiPairs') {
    found.push(`method: "pretraining" is for the data "emojiPairs" and not for "${data.name}"`);
  }
  if (method === 'pretraining' && budget.validateEvery !== undefined) {
    found.push('budget.validateEvery: pretraining has no task to be validated by');
  }
  if (method === 'pretraining' && budget.batchSize < 2) {
    found.push('budget.batchSize: pretraining exchanges pictures within a batch, of 2 at least');
  }
  if (freezeBase && ['pretraining', 'pretrained', 'dropout'].includes(method)) {
    found.push(`freezeBase: the method "${method}" trains nothing but the base network`);
  }
  if (freezeBase === 'exceptHead' && model.name === 'smallVilt') {
    found.push(`freezeBase: "${model.name}" has no head of its own to except`);
  }
  const isUntrained = from === undefined && !('weights' in model);
  if (isUntrained && (freezeBase ?? usualFreeze(method))) {
    found.push(
      'freezeBase: an untrained base network would stay so; name a run in "from", or model.weights',
    );
  }
  if ('width' in model && model.width % model.heads !== 0) {
    found.push(`model.heads: ${model.heads} does not divide model.width ${model.width}`);
  }
  if (mmp?.heads !== undefined && sizes && sizes.width % mmp.heads !== 0) {
    found.push(`mmp.heads: ${mmp.heads} does not divide the width of tokens, ${sizes.width}`);
  }
  if (projects(method) && 'modalities' in data && data.modalities?.length === 1) {
    found.push('data.modalities: there is nothing to project from with one alone');
  }
  if (optimiser.accumulation?.clipEach && !optimiser.clipping) {
    found.push('optimiser.accumulation.clipEach: there is no optimiser.clipping');
  }
  if (schedule.kind === 'plateau' && budget.validateEvery === undefined) {
    found.push('schedule: "plateau" follows validations; say budget.validateEvery');
  }
  if (budget.keep === 'best' && budget.validateEvery === undefined) {
    found.push('budget.keep: the best is found by validations; say budget.validateEvery');
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
