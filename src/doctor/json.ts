/** JSON that may be damaged. */

/** @returns undefined where the text is none, or no JSON */
export function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
