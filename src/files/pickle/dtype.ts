/** numpy's data types, as far as they are numbers, texts, bytes and objects. */

const widths: Readonly<Record<string, readonly number[]>> = {
  b: [1],
  i: [1, 2, 4, 8],
  u: [1, 2, 4, 8],
  f: [2, 4, 8],
  O: [4, 8],
};

const words: Readonly<Record<string, string>> = { i: 'int', u: 'uint', f: 'float' };
const names: Readonly<Record<string, string>> = { b: 'bool', U: 'str', S: 'bytes', O: 'object' };

/** Of an element of `U`, a code point */
const bytesPerCharacter = 4;

export class Dtype {
  /** `b`, `i`, `u`, `f`, `U`, `S` or `O` */
  readonly kind: string;
  /** Bytes of an element */
  readonly itemSize: number;
  /** Whether the most significant byte comes first */
  bigEndian = false;

  /**
   * @param code the kind and how many bytes, or characters of `U`: `f4`, `U10`
   * @throws Error naming a code that is not read: complex numbers, times, records, or a width of zero
   */
  constructor(code: string) {
    const [, kind = '', digits] = /^([biufOUS])([1-9][0-9]{0,8})$/.exec(code) ?? [];
    const width = Number(digits);
    const allowed = widths[kind];
    if (kind === '' || (allowed && !allowed.includes(width))) {
      throw new Error(`the dtype ${JSON.stringify(code)} is not read`);
    }
    this.kind = kind;
    this.itemSize = kind === 'U' ? width * bytesPerCharacter : width;
  }

  get name(): string {
    return names[this.kind] ?? `${words[this.kind]!}${this.itemSize * 8}`;
  }

  /**
   * Sets what numpy stores beside the code: version 3, byte order, base, names and fields, element size, alignment
   * and flags. Everything but the byte order follows from the code.
   *
   * @throws Error when it is something else, such as a record
   */
  build(state: unknown): void {
    const parts: readonly unknown[] = Array.isArray(state) ? state : [];
    const [version, order, base, fieldNames, fields, itemSize] = parts;
    const plain = base === null && fieldNames === null && fields === null;
    const known = parts.length === 8 && version === 3 && plain;
    if (!known || !(itemSize === -1 || itemSize === this.itemSize)) {
      throw new Error(`the dtype ${this.name} has a state that no plain dtype has`);
    }
    if (order !== '<' && order !== '>' && order !== '|') {
      throw new Error(`the dtype ${this.name} has the byte order ${JSON.stringify(order)}`);
    }
    this.bigEndian = order === '>';
  }
}
