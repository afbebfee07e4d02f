/** JSON files of a known shape. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/**
 * Reads a JSON file.
 *
 * @throws Error naming the file when it cannot be read, is no JSON, or is not as the schema has it
 */
export function readJson<T>(file: string, schema: z.ZodType<T>): T {
  const result = schema.safeParse(parsed(file));
  if (!result.success) throw new Error(`${file}: ${z.prettifyError(result.error)}`);
  return result.data;
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
