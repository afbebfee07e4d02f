/** Notebook files (nbformat 4): reading with checks, writing whole. */
import { readFileSync } from 'node:fs';
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

/**
 * Reads a TypeScript notebook.
 *
 * @throws Error naming the file and what is wrong with it
 */
export function readNotebook(file: string): Notebook {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Error(`${file} is not a notebook: ${(error as Error).message}`, { cause: error });
  }
  const parsed = notebook.safeParse(json);
  if (!parsed.success) {
    throw new Error(`${file} is not a TypeScript notebook:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

/** Writes a notebook whole or not at all, as Jupyter indents it. */
export function writeNotebook(file: string, content: Notebook): void {
  writeWhole(file, `${JSON.stringify(content, null, 1)}\n`);
}

/** The notebook's first heading. */
export function titleOf(content: Notebook): string {
  for (const cell of content.cells) {
    const heading = cell.cell_type === 'markdown' && /^# (.+)$/m.exec(cell.source);
    if (heading) return heading[1]!;
  }
  return 'Untitled';
}
