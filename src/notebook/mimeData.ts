/** Results by MIME type as nbformat stores them: JSON as it is, text as text, other bytes as base64. */

export function storedData(data: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([mime, value]) => [mime, storedValue(mime, value)]),
  );
}

const isJson = (mime: string) => /^application\/(.*\+)?json$/.test(mime);
const isText = (mime: string) => /^text\/|[/+](xml|javascript|x-latex)$/.test(mime);

function storedValue(mime: string, value: unknown): unknown {
  if (isJson(mime) || typeof value === 'string') return value;
  const bytes = bytesOf(value);
  if (bytes) return isText(mime) ? bytes.toString() : bytes.toString('base64');
  return JSON.stringify(value);
}

/** The bytes of what was a Buffer or a typed array of bytes before it became JSON. */
function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { type, data } = value as { type?: unknown; data?: unknown };
  const bytes: unknown[] = type === 'Buffer' && Array.isArray(data) ? data : Object.values(value);
  const isBytes = bytes.every(
    (byte) => Number.isInteger(byte) && 0 <= Number(byte) && Number(byte) < 256,
  );
  const isList = bytes === data || Object.keys(value).every((key, index) => key === String(index));
  return isBytes && isList ? Buffer.from(bytes as number[]) : undefined;
}
