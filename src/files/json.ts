/** JSON of a known shape. */
import { readFileSync } from 'node:fs';
import type { z } from 'zod';

/**
 * Reads a JSON file.
 *
 * @throws Error naming the file when it cannot be read, is no JSON, or is not as the schema has it
 */
export function readJson<T>(file: string, schema: z.ZodType<T>): T {
  const value = parsed(file);
  try {
    return parseWith(schema, value);
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * What a schema makes of a value.
 *
 * @throws Error naming every key that is wrong, in one line
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) =>
    [...path.map(String), message].join(': '),
  );
  throw new Error(issues.join('; '));
}

function parsed(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const { message } = error as Error;
    const problem = error instanceof SyntaxError ? 'is no JSON' : 'cannot be read';
    throw new Error(`${file} ${problem}: ${message}`, { cause: error });
  }
}
