/** What the doctor says: findings, and around them the report that `mmp doctor --json` prints. */
import { z } from 'zod';
import { backendRequests } from '../tensor/backend.js';

/** What is looked at, in the order of the report. */
export const areas = [
  'node',
  'packages',
  'jupyter',
  'figures',
  'backends',
  'native',
  'gpu',
  'vulkan',
  'data',
  'machine',
] as const;

export const stateSchema = z
  .enum(['ok', 'missing', 'warning', 'failed'])
  .describe(
    'ok: it is there and works; missing: it is not there, which may be as it should be; ' +
      'warning: it works, with a reservation; failed: it is there and does not work',
  );
export type State = z.infer<typeof stateSchema>;

export const findingSchema = z.object({
  area: z.enum(areas),
  what: z.string().describe('what was looked at'),
  state: stateSchema,
  detail: z.string().describe('what was found'),
  remedy: z.string().nullable().describe('what to do; null where nothing need be done'),
});
export type Finding = z.infer<typeof findingSchema>;

const milliseconds = z.number().nonnegative();
const relativeError = z
  .number()
  .nullable()
  .describe('largest error, relative to the largest value; null where a value is not finite');

/** What a backend that started has computed: a matrix product and its gradient. */
export const computationSchema = z.object({
  device: z.string().describe('what computes, in words'),
  gpu: z.boolean().describe('whether a GPU computes'),
  precision: z.enum(['float32', 'TF32']),
  productError: relativeError,
  gradientError: relativeError,
  startMilliseconds: milliseconds.describe('loading and starting the backend'),
  firstMilliseconds: milliseconds.describe('the first product and gradient, read back'),
  medianMilliseconds: milliseconds.describe('the same, median of later ones'),
});
export type Computation = z.infer<typeof computationSchema>;

/** What became of one backend request. */
export const backendResultSchema = z.object({
  request: z.enum(backendRequests),
  state: stateSchema,
  reason: z.string().nullable().describe('why it does not work, or with which reservation'),
  remedy: z.string().nullable(),
  computation: computationSchema.nullable().describe('null where it computed nothing'),
});
export type BackendResult = z.infer<typeof backendResultSchema>;

/** Which backend runs where none is asked for. */
export const choiceSchema = z.object({
  chosen: z.enum(backendRequests).nullable().describe('null where none can run'),
  refused: z
    .array(z.object({ request: z.enum(backendRequests), reason: z.string() }))
    .describe('those that come before it, in the order in which they were tried'),
});
export type Choice = z.infer<typeof choiceSchema>;

export const reportSchema = z.object({
  format: z.literal(1).describe('changes when the structure does'),
  date: z.iso.datetime(),
  node: z.string().describe('as process.version has it'),
  system: z.string().describe('operating system and processor, such as "linux x64"'),
  canRun: z
    .boolean()
    .describe('whether a backend works and the packages are there; otherwise the exit code is 1'),
  findings: z.array(findingSchema),
  backends: z.array(backendResultSchema),
  unasked: choiceSchema
    .nullable()
    .describe('the backend where none is asked for; null where the choice did not end'),
});
export type Report = z.infer<typeof reportSchema>;
