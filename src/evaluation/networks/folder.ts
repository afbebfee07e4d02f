/**
 * Golden cases of base networks: what the reference code of a network computed, as a folder of three files
 *
 *   config.json         the reference's own configuration
 *   model.safetensors   its own weights
 *   case.safetensors    inputs and outputs
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { parseWith } from '../../files/json.js';
import { readSafetensors, type StoredTensor } from '../../files/safetensors.js';
import { naming, networkFiles, readFinite } from '../golden.js';

export interface NetworkCase {
  readonly files: Readonly<Record<keyof typeof networkFiles, string>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly model: ReadonlyMap<string, StoredTensor>;
  /** Inputs and outputs, every value finite */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** @throws Error naming the file that is absent or damaged */
export function readNetworkCase(folder: string): NetworkCase {
  const files = {
    config: path.join(folder, networkFiles.config),
    model: path.join(folder, networkFiles.model),
    case: path.join(folder, networkFiles.case),
  };
  const absent = Object.values(files).filter((file) => !existsSync(file));
  if (absent.length > 0) throw new Error(`${folder} is incomplete: no ${absent.join(', no ')}`);
  const json = z.record(z.string(), z.unknown());
  return {
    files,
    config: naming(files.config, () =>
      parseWith(json, JSON.parse(readFileSync(files.config, 'utf8'))),
    ),
    model: naming(files.model, () => readSafetensors(files.model).tensors),
    tensors: naming(files.case, () => readFinite(files.case)),
  };
}
