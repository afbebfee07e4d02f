/** Notebook files (nbformat 4): reading with checks, writing whole. */
import { readFileSync } from 'node:fs';
import { toUSVString } from 'node:util';
import { z } from 'zod';
import { writeWhole } from '../files/write.js';

/** nbformat stores text as one string or as lines. */
const text = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? value : value.join('')));

const output = z.looseObject({ output_type: z.string() });

const markdownCell = z.looseObject({
  cell_type: z.literal('markdown'),
  id: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  source: text,
});

const codeCell = z.looseObject({
  cell_type: z.literal('code'),
  id: z.string(),
  metadata: z.record(z.string(), z.unknown()),
  source: text,
  execution_count: z.number().int().nullable(),
  outputs: z.array(output),
});

const notebook = z.object({
  nbformat: z.literal(4),
  nbformat_minor: z.number().int().min(5),
  metadata: z.looseObject({
    kernelspec: z.looseObject({ name: z.string(), language: z.literal('typescript') }),
  }),
  cells: z.array(z.discriminatedUnion('cell_type', [markdownCell, codeCell])),
});

export type Output = z.infer<typeof output>;
export type MarkdownCell = z.infer<typeof markdownCell>;
export type CodeCell = z.infer<typeof codeCell>;
export type Notebook = z.infer<typeof notebook>;

/** The kernel that the committed notebooks name. */
export const ownKernel = {
  name: 'mmp',
  display_name: 'MMP (TypeScript)',
  language: 'typescript',
} as const;

/**
 * Reads a TypeScript notebook.
 *
 * @throws Error naming the file and what is wrong with it
 */
export function readNotebook(file: string): Notebook {
  return parseNotebook(readFileSync(file, 'utf8'), file);
}

/**
 * Reads the text of a notebook file.
 *
 * @param source what the errors call the file
 * @throws Error naming the source and what is wrong with it
 */
export function parseNotebook(content: string, source: string): Notebook {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new Error(`${source} is not a notebook: ${(error as Error).message}`, { cause: error });
  }
  const parsed = notebook.safeParse(json);
  if (!parsed.success) {
    throw new Error(`${source} is not a TypeScript notebook:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** Writes a notebook whole or not at all. */
export function writeNotebook(file: string, content: Notebook): void {
  writeWhole(file, notebookText(content));
}

/** A notebook as Jupyter writes it: keys in alphabetical order, indented by one, sources as lines. */
export function notebookText(content: Notebook): string {
  const cells = content.cells.map((cell) => ({ ...cell, source: linesOf(cell.source) }));
  return `${JSON.stringify({ ...content, cells }, inOrder, 1)}\n`;
}

/** The lines of a text, each with its end. */
function linesOf(source: string): string[] {
  return source === '' ? [] : source.split(/(?<=\n)/);
}

/**
 * For `JSON.stringify`: puts the keys of every object in order, and a replacement character where half a
 * character is, which is no UTF-8.
 */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value === 'string') return toUSVString(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The notebook's first heading. */
export function titleOf(content: Notebook): string {
  for (const cell of content.cells) {
    const heading = cell.cell_type === 'markdown' && /^# (.+)$/m.exec(cell.source);
    if (heading) return heading[1]!;
  }
  return 'Untitled';
}
