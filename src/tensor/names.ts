/** Names checked at the door, as shapes.ts checks shapes. */

/**
 * Checks that names are exactly the expected ones, in any order.
 *
 * @param where the function or file on whose behalf this checks; it opens the message
 * @throws Error naming those that are missing and those that are unknown
 */
export function expectNames(
  where: string,
  names: Iterable<string>,
  expected: Iterable<string>,
): void {
  const [found, wanted] = [new Set(names), new Set(expected)];
  const missing = [...wanted].filter((name) => !found.has(name));
  const unknown = [...found].filter((name) => !wanted.has(name));
  if (missing.length === 0 && unknown.length === 0) return;
  throw new Error(
    `${where}: missing ${missing.join(', ') || 'none'}; unknown ${unknown.join(', ') || 'none'}`,
  );
}
