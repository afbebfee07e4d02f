/** Texts and numbers in the forms that pickles have them in. */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** An integer of more bytes is no number of any data */
const longestInteger = 1024;

/** @throws Error when the bytes are no UTF-8 */
export function textFromUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new Error('a text is no UTF-8, or too long', { cause: error });
  }
}

/** @throws Error when a character is no byte */
export function latin1FromText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0xff) throw new Error(`the character ${code} in a text that stands for bytes`);
    bytes[index] = code;
  }
  return bytes;
}

/**
 * The same of a text in UTF-8, in place: without it the bytes of an array of hundreds of MB would have to become a
 * text, and JavaScript has none of that length.
 */
export function latin1FromUtf8(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  let to = 0;
  for (let from = 0; from < bytes.length;) {
    const first = bytes[from++]!;
    if (first < 0x80) {
      bytes[to++] = first;
      continue;
    }
    // U+0080 to U+00FF are C2 or C3 and one byte more.
    const second = bytes[from++] ?? 0;
    if ((first !== 0xc2 && first !== 0xc3) || (second & 0xc0) !== 0x80) {
      throw new Error('a text that stands for bytes has other characters');
    }
    bytes[to++] = ((first & 0x03) << 6) | (second & 0x3f);
  }
  return bytes.subarray(0, to);
}

/** Python's raw-unicode-escape: Latin-1 in which \uXXXX and \UXXXXXXXX are characters. */
export function textFromRawEscapes(bytes: Uint8Array): string {
  return latin1(bytes).replace(/\\u([0-9a-f]{4})|\\U([0-9a-f]{8})/gi, (_, short, long) =>
    String.fromCodePoint(Number.parseInt((short ?? long) as string, 16)),
  );
}

const escapes: Readonly<Record<string, string>> = {
  ...{ n: '\n', r: '\r', t: '\t', a: '\x07', b: '\b', f: '\f', v: '\v' },
  ...{ '\\': '\\', "'": "'", '"': '"' },
};

/**
 * A string literal of Python 2.
 *
 * @throws Error when it has no quotes, or an escape that does not exist
 */
export function bytesFromLiteral(line: Uint8Array): Uint8Array<ArrayBuffer> {
  const [, , inside] = /^(['"])(.*)\1$/s.exec(latin1(line)) ?? [];
  if (inside === undefined) throw new Error('a string without quotes');
  return latin1FromText(
    inside.replace(/\\(?:x([0-9a-f]{2})|([0-7]{1,3})|(.?))/gis, (whole, hex, octal, letter) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex as string, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal as string, 8));
      const character = escapes[letter as string];
      if (character === undefined) throw new Error(`the escape ${whole} in a string`);
      return character;
    }),
  );
}

/** A string of Python 2, which did not tell texts from bytes: a text where it is short and ASCII. */
export function python2String(bytes: Uint8Array, longestText: number): string | Uint8Array {
  const isText = bytes.length <= longestText && bytes.every((byte) => byte < 0x80);
  return isText ? latin1(bytes) : bytes;
}

/** An integer in two's complement, the lowest byte first. */
export function integerFromBytes(bytes: Uint8Array): number | bigint {
  if (bytes.length > longestInteger) throw new Error(`an integer of ${bytes.length} bytes`);
  const hexadecimal = Buffer.from(bytes).reverse().toString('hex');
  const value = BigInt.asIntN(bytes.length * 8, BigInt(`0x${hexadecimal || '0'}`));
  return asNumber(value);
}

export function integerFromText(text: string): number | bigint {
  if (!/^[+-]?[0-9]+$/.test(text)) throw new Error(`${JSON.stringify(text)} is no integer`);
  return asNumber(BigInt(text.replace('+', '')));
}

export function floatFromText(text: string): number {
  const named = /^([+-]?)(inf|nan)$/.exec(text);
  if (named) return named[2] === 'nan' ? NaN : Number(`${named[1]!}Infinity`);
  if (text.trim() === '' || Number.isNaN(Number(text))) {
    throw new Error(`${JSON.stringify(text)} is no number`);
  }
  return Number(text);
}

export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

function asNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
