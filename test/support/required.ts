/** Which of the things that a machine may lack must not be absent: `REQUIRE_…`, names with commas between them. */

/**
 * Reads such a variable.
 *
 * @throws Error naming what is not among the known names
 */
export function requiredNames<Name extends string>(
  variable: string,
  text: string | undefined,
  known: readonly Name[],
): Name[] {
  const names = (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const unknown = names.filter((name) => !(known as readonly string[]).includes(name));
  if (unknown.length > 0) {
    throw new Error(`${variable}: unknown ${unknown.join(', ')}; there are ${known.join(', ')}`);
  }
  return names as Name[];
}
