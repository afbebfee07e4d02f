/** Configurations from files and from the command line. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';

/** A configuration as it is written, of which nothing is known yet. */
export type RawOptions = Record<string, unknown>;

/**
 * Reads a YAML or JSON file.
 *
 * @throws Error naming the file, and the line of what is no YAML
 */
export function readOptions(file: string): RawOptions {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${file}: ${(error as Error).message}`, { cause: error });
  }
  const value = parseYaml(text, file);
  if (isRecord(value)) return value;
  throw new Error(`${file}: expected keys with values, got ${JSON.stringify(value)}`);
}

/** A value as YAML has it: `3`, `true`, `[0.9, 0.98]`, `{kind: norm, limit: 1}`. */
export function parseYaml(text: string, source: string): unknown {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new Error(`${source}: ${error.message}`);
  return document.toJS() as unknown;
}

/**
 * The options with another value at a dotted key, such as `budget.steps`.
 *
 * @throws Error when something on the way holds a value and no keys
 */
export function withOption(options: RawOptions, key: string, value: unknown): RawOptions {
  const [first, ...rest] = key.split('.') as [string, ...string[]];
  if (rest.length === 0) return { ...options, [first]: value };
  const below = options[first] ?? {};
  if (!isRecord(below))
    throw new Error(`${key}: ${first} is ${JSON.stringify(below)} and has no keys`);
  return { ...options, [first]: withOption(below, rest.join('.'), value) };
}

const isRecord = (value: unknown): value is RawOptions =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
