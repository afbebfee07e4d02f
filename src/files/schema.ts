/** JSON files checked by a schema. */
import type { z } from 'zod';

/**
 * What a schema makes of a value.
 *
 * @throws Error naming every key that is wrong, in one line
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) =>
    [...path.map(String), message].join(': '),
  );
  throw new Error(issues.join('; '));
}
