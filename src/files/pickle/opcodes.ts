/** The instructions of pickles, protocols 0 to 5, by their byte. */
import { encode, findGlobal, type StackValue } from './globals.js';
import type { Machine } from './machine.js';
import type { ByteSource } from './source.js';
import * as text from './text.js';
import type { PickledValue } from './values.js';

export interface Instruction {
  /** As Python's pickletools has it */
  readonly name: string;
  readonly run: (machine: Machine) => void;
}

const newestProtocol = 5;
/** Of a line with a name or a number */
const longestLine = 4096;
/** Longer ones are not made texts where they stand for bytes. */
const longestText = 2 ** 16;

const number8 = (source: ByteSource) => source.byte();
const number16 = (source: ByteSource) => source.byte() | (source.byte() << 8);
const number32 = (source: ByteSource) => number16(source) + number16(source) * 2 ** 16;
/** What exceeds a number's 53 bits exceeds every file, too. */
const number64 = (source: ByteSource) => number32(source) + number32(source) * 2 ** 32;

const line = (source: ByteSource) => text.textFromUtf8(source.line(longestLine));
const lineNumber = (source: ByteSource) => {
  const digits = line(source);
  if (/^[0-9]{1,15}$/.test(digits)) return Number(digits);
  throw new Error(`${JSON.stringify(digits)} is no place to remember`);
};

type Count = (source: ByteSource) => number;
type Run = Instruction['run'];

const value =
  (make: (source: ByteSource, machine: Machine) => StackValue): Run =>
  (machine) => {
    machine.push(make(machine.source, machine));
  };

const bytes = (count: Count) => value((source) => source.bytes(count(source)));

const string = (count: Count) =>
  value((source) => text.python2String(source.bytes(count(source)), longestText));

/** A long text that is going to be encoded becomes its bytes at once. */
const unicode = (count: Count) =>
  value((source, machine) => {
    const content = source.bytes(count(source));
    const forBytes = content.length > longestText && machine.isOnTop(encode);
    return forBytes ? text.latin1FromUtf8(content) : text.textFromUtf8(content);
  });

const tuple = (count: number) => value((_, machine) => machine.popTuple(count));
const toMark = (machine: Machine) => machine.popToMark();

const append =
  (take: (machine: Machine) => PickledValue[]): Run =>
  (machine) => {
    machine.appendTo(take(machine));
  };

const setItems =
  (take: (machine: Machine) => PickledValue[]): Run =>
  (machine) => {
    machine.setItems(take(machine));
  };

const step =
  (name: 'stop' | 'mark' | 'drop' | 'reduce' | 'build'): Run =>
  (machine) => {
    machine[name]();
  };

const remember =
  (place: Count): Run =>
  (machine) => {
    machine.remember(place(machine.source));
  };

const recall =
  (place: Count): Run =>
  (machine) => {
    machine.recall(place(machine.source));
  };

const refuse =
  (what: string): Run =>
  () => {
    throw new Error(`${what}, which is refused`);
  };

/** Decimal integers; protocol 0 has True and False as 01 and 00. */
function integerLine(source: ByteSource): number | bigint | boolean {
  const digits = line(source);
  if (digits === '00' || digits === '01') return digits === '01';
  return text.integerFromText(digits);
}

function signed(source: ByteSource): number {
  return number32(source) | 0;
}

function float64(source: ByteSource): number {
  const { buffer } = source.bytes(8);
  return new DataView(buffer).getFloat64(0);
}

const instructions: readonly (readonly [string | number, string, Run])[] = [
  // Beginning and end
  [0x80, 'PROTO', expectProtocol],
  [0x95, 'FRAME', expectFrame],
  ['.', 'STOP', step('stop')],
  // Numbers and constants
  ['N', 'NONE', value(() => null)],
  [0x88, 'NEWTRUE', value(() => true)],
  [0x89, 'NEWFALSE', value(() => false)],
  ['I', 'INT', value(integerLine)],
  ['J', 'BININT', value(signed)],
  ['K', 'BININT1', value(number8)],
  ['M', 'BININT2', value(number16)],
  ['L', 'LONG', value((source) => text.integerFromText(line(source).replace(/L$/, '')))],
  [0x8a, 'LONG1', value((source) => text.integerFromBytes(source.bytes(number8(source))))],
  [0x8b, 'LONG4', value((source) => text.integerFromBytes(source.bytes(number32(source))))],
  ['F', 'FLOAT', value((source) => text.floatFromText(line(source)))],
  ['G', 'BINFLOAT', value(float64)],
  // Texts and bytes
  ['S', 'STRING', value((source) => text.python2String(literal(source), longestText))],
  ['U', 'SHORT_BINSTRING', string(number8)],
  ['T', 'BINSTRING', string(number32)],
  ['V', 'UNICODE', value((source) => text.textFromRawEscapes(source.line()))],
  [0x8c, 'SHORT_BINUNICODE', unicode(number8)],
  ['X', 'BINUNICODE', unicode(number32)],
  [0x8d, 'BINUNICODE8', unicode(number64)],
  ['C', 'SHORT_BINBYTES', bytes(number8)],
  ['B', 'BINBYTES', bytes(number32)],
  [0x8e, 'BINBYTES8', bytes(number64)],
  [0x96, 'BYTEARRAY8', bytes(number64)],
  // Lists, tuples, dicts
  ['(', 'MARK', step('mark')],
  ['0', 'POP', step('drop')],
  ['1', 'POP_MARK', toMark],
  ['2', 'DUP', value((_, machine) => machine.top())],
  [']', 'EMPTY_LIST', value(() => [])],
  ['l', 'LIST', value((_, machine) => machine.popToMark())],
  ['a', 'APPEND', append((machine) => machine.popTuple(1))],
  ['e', 'APPENDS', append(toMark)],
  [')', 'EMPTY_TUPLE', tuple(0)],
  [0x85, 'TUPLE1', tuple(1)],
  [0x86, 'TUPLE2', tuple(2)],
  [0x87, 'TUPLE3', tuple(3)],
  ['t', 'TUPLE', value((_, machine) => machine.popToMark())],
  ['}', 'EMPTY_DICT', value(() => new Map())],
  ['d', 'DICT', makeDict],
  ['s', 'SETITEM', setItems((machine) => machine.popTuple(2))],
  ['u', 'SETITEMS', setItems(toMark)],
  // What was made before
  ['p', 'PUT', remember(lineNumber)],
  ['q', 'BINPUT', remember(number8)],
  ['r', 'LONG_BINPUT', remember(number32)],
  [0x94, 'MEMOIZE', rememberNext],
  ['g', 'GET', recall(lineNumber)],
  ['h', 'BINGET', recall(number8)],
  ['j', 'LONG_BINGET', recall(number32)],
  // Names and calls
  ['c', 'GLOBAL', value((source) => findGlobal(line(source), line(source)))],
  [0x93, 'STACK_GLOBAL', pushGlobal],
  ['R', 'REDUCE', step('reduce')],
  ['b', 'BUILD', step('build')],
  ['i', 'INST', refuseInstance],
  ['o', 'OBJ', refuse('it makes an object of a class')],
  [0x81, 'NEWOBJ', refuse('it makes an object of a class')],
  [0x92, 'NEWOBJ_EX', refuse('it makes an object of a class')],
  ...[0x82, 0x83, 0x84].map(
    (code, index) => [code, `EXT${2 ** index}`, refuse('it asks for an extension')] as const,
  ),
  ['P', 'PERSID', refuse('it asks for an object outside of the file')],
  ['Q', 'BINPERSID', refuse('it asks for an object outside of the file')],
  [0x97, 'NEXT_BUFFER', refuse('it asks for bytes outside of the file')],
  [0x98, 'READONLY_BUFFER', refuse('it asks for bytes outside of the file')],
  ...(
    [
      [0x8f, 'EMPTY_SET'],
      [0x90, 'ADDITEMS'],
      [0x91, 'FROZENSET'],
    ] as const
  ).map(([code, name]) => [code, name, refuse('it makes a set')] as const),
];

export const instructionOf: ReadonlyMap<number, Instruction> = new Map(
  instructions.map(([code, name, run]) => [
    typeof code === 'string' ? code.charCodeAt(0) : code,
    { name, run },
  ]),
);

function expectProtocol({ source }: Machine): void {
  const protocol = number8(source);
  if (protocol <= newestProtocol) return;
  throw new Error(`protocol ${protocol}; 0 to ${newestProtocol} are known`);
}

/** Frames say only how much may be read ahead. */
function expectFrame({ source }: Machine): void {
  const length = number64(source);
  if (length <= source.left) return;
  throw new Error(`a frame of ${length} bytes, and ${source.left} are left`);
}

function literal(source: ByteSource): Uint8Array {
  return text.bytesFromLiteral(source.line());
}

function rememberNext(machine: Machine): void {
  machine.remember();
}

function makeDict(machine: Machine): void {
  const pairs = machine.popToMark();
  machine.push(new Map());
  machine.setItems(pairs);
}

function pushGlobal(machine: Machine): void {
  const [module, name] = machine.popTuple(2);
  if (typeof module !== 'string' || typeof name !== 'string') {
    throw new Error('a name that is no text, which is refused');
  }
  machine.push(findGlobal(module, name));
}

/** By its name first, which says more than that it is an instance. */
function refuseInstance(machine: Machine): void {
  const { name } = findGlobal(line(machine.source), line(machine.source));
  throw new Error(`it makes an object of ${name}, which is refused`);
}
