/**
 * Golden cases of the method: what independent code computed with given parameters, as three files
 *
 *   NAME.config.json              an MMP configuration and `masked`, 𝒦
 *   NAME.parameters.safetensors   every parameter
 *   NAME.case.safetensors         `tokens.{m}` of every modality, and what the method makes of them
 *
 * Reading checks everything that can be checked without running the method.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseWith } from '../files/json.js';
import { readSafetensors, type StoredTensor } from '../files/safetensors.js';
import { resolveConfig } from '../mmp/config.js';
import { splitModalities } from '../mmp/masking.js';
import { namesOf } from '../models/base.js';
import type { NamedValues } from '../tensor/parameters.js';
import { expectShapes } from '../tensor/shapes.js';

type GoldenFiles = Readonly<Record<'config' | 'parameters' | 'case', string>>;

export interface GoldenCase {
  readonly files: GoldenFiles;
  readonly config: GoldenConfig;
  readonly parameters: NamedValues;
  /** T_m of every modality [B, N_m, d_m] */
  readonly tokens: NamedValues;
  /** Every other tensor of the case: intermediate values, `alignment_loss`, `gradient.{parameter}` */
  readonly expected: ReadonlyMap<string, StoredTensor>;
}

const endings: GoldenFiles = {
  config: '.config.json',
  parameters: '.parameters.safetensors',
  case: '.case.safetensors',
};
/** The files of a base network's case (networks/folder.ts), which is a folder of its own. */
export const networkFiles = {
  config: 'config.json',
  model: 'model.safetensors',
  case: 'case.safetensors',
} as const;

const layout = `${Object.values(endings)
  .map((ending) => `NAME${ending}`)
  .join(', ')}, or ${Object.values(networkFiles).join(', ')}`;

/** Whether a path is that of a base network's case: a folder with any of its three files. */
export const isNetworkCase = (place: string): boolean =>
  Object.values(networkFiles).some((file) => existsSync(path.join(place, file)));

/**
 * The cases at a place, as paths without the endings: of a folder all that have any of the three files,
 * sorted, or the folder itself when it is a base network's case; otherwise the place itself, when it is the
 * path of a case.
 *
 * @throws Error when there is none
 */
export function findGolden(place: string): string[] {
  if (isNetworkCase(place)) return [place];
  if (existsSync(place) && statSync(place).isDirectory()) {
    const names = readdirSync(place).flatMap((file) =>
      Object.values(endings)
        .filter((ending) => file.endsWith(ending))
        .map((ending) => file.slice(0, -ending.length)),
    );
    if (names.length === 0) throw new Error(`${place} holds no golden case (${layout})`);
    return [...new Set(names)].sort().map((name) => path.join(place, name));
  }
  if (Object.values(endings).some((ending) => existsSync(place + ending))) return [place];
  throw new Error(`${place} is neither a folder nor the NAME of a golden case (${layout})`);
}

const positive = z.number().int().positive();
const configSchema = z.strictObject({
  modalities: z.array(
    z.strictObject({ name: z.string().min(1), tokens: positive, width: positive }),
  ),
  width: positive,
  heads: positive,
  hidden: positive.optional(),
  aggregated: positive.optional(),
  aggregatedDeviation: z.number().positive().optional(),
  refine: z.enum(['tokens', 'aggregated']).optional(),
  residual: z.boolean().optional(),
  preNorm: z.boolean().optional(),
  /** 𝒦 */
  masked: z.array(z.string()),
  /** B */
  batch: positive.optional(),
  /** λ of Eq. 8, which none of the expected values depends on */
  alignmentWeight: z.number().optional(),
});
/** An MMP configuration and what belongs to the case alone. */
export type GoldenConfig = z.infer<typeof configSchema>;

/**
 * Reads one case.
 *
 * @param prefix the path without the endings
 * @throws Error naming the file and what is wrong in it: absent or damaged, unknown or wrong keys, 𝒦 that
 *   does not fit the modalities, tokens that are absent or misshapen, values that are not finite
 */
export function readGolden(prefix: string): GoldenCase {
  const files: GoldenFiles = {
    config: prefix + endings.config,
    parameters: prefix + endings.parameters,
    case: prefix + endings.case,
  };
  const absent = Object.values(files).filter((file) => !existsSync(file));
  if (absent.length > 0) throw new Error(`${prefix} is incomplete: no ${absent.join(', no ')}`);

  const config = naming(files.config, () => readConfig(files.config));
  const parameters = naming(files.parameters, () => readSafetensors(files.parameters).tensors);
  const stored = naming(files.case, () => readFinite(files.case));
  const tokens: NamedValues = new Map();
  const read = new Set<string>();
  naming(files.case, () => {
    const shapes = config.modalities.map(({ name: modality, tokens: count, width }) => {
      const name = `tokens.${modality}`;
      const found = stored.get(name);
      if (!found) throw new Error(`no "${name}", which the configuration asks for`);
      tokens.set(modality, inFloat32(found));
      read.add(name);
      return [name, [found, `B ${count} ${width}`]] as const;
    });
    expectShapes('tokens', Object.fromEntries(shapes), config.batch ? { B: config.batch } : {});
  });
  return {
    files,
    config,
    parameters: new Map([...parameters].map(([name, tensor]) => [name, inFloat32(tensor)])),
    tokens,
    expected: new Map([...stored].filter(([name]) => !read.has(name))),
  };
}

function readConfig(file: string): GoldenConfig {
  const config = parseWith(configSchema, JSON.parse(readFileSync(file, 'utf8')));
  splitModalities(namesOf(resolveConfig(config)), config.masked);
  return config;
}

/** The tensors of a file, every value finite. */
export function readFinite(file: string): Map<string, StoredTensor> {
  const { tensors } = readSafetensors(file);
  for (const [name, { values }] of tensors) {
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new Error(`"${name}" holds ${values[bad]} at index ${bad}`);
  }
  return tensors;
}

const inFloat32 = ({ shape, values }: StoredTensor) => ({
  shape,
  values: Float32Array.from(values),
});

/** Does something with a file; errors of it begin with the file's path. */
export function naming<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const { message } = error as Error;
    throw message.startsWith(file) ? error : new Error(`${file}: ${message}`);
  }
}
