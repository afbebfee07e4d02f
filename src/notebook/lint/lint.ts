/** The lint of the notebooks: everything that can be said against them before they run. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../files/paths.js';
import { parseNotebook } from '../format.js';
import { names, syntax } from './cells.js';
import { committed } from './committed.js';
import { Compilation } from './compilation.js';
import { formatting } from './formatting.js';
import { formulas } from './formulas.js';
import { imports } from './imports.js';
import { links } from './links.js';
import { machinePaths } from './machinePaths.js';
import { promises } from './promises.js';
import { documentedMethod, references } from './references.js';
import type { LintedNotebook, Rule, Violation } from './rule.js';
import { sections } from './sections.js';
import { types } from './types.js';

/** The notebooks of the project. */
export function committedNotebooks(): string[] {
  const folder = path.join(projectRoot, 'notebooks');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb'))
    .sort()
    .map((name) => path.join(folder, name));
}

/**
 * Looks for violations of every rule in every notebook. A file that is no notebook is one.
 *
 * @returns one line for each, such as `notebooks/02-masking.ipynb cell 4, line 3: what is wrong`
 */
export async function lintNotebooks(files: readonly string[]): Promise<string[]> {
  const subjects = files.map(read);
  const rules = rulesFor(
    subjects.flatMap((subject) => (subject instanceof Error ? [] : [subject])),
  );
  const lines: string[] = [];
  for (const [index, subject] of subjects.entries()) {
    const violations =
      subject instanceof Error ? [{ message: subject.message }] : await lint(subject, rules);
    lines.push(...violations.map((violation) => lineFor(files[index]!, violation)));
  }
  return lines;
}

/** @returns the notebook, or why it cannot be read */
function read(file: string): LintedNotebook | Error {
  try {
    const text = readFileSync(file, 'utf8');
    return { file, text, notebook: parseNotebook(text, 'it') };
  } catch (error) {
    return error as Error;
  }
}

/** @returns the violations in the order of the notebook */
async function lint(linted: LintedNotebook, rules: readonly Rule[]): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const rule of rules) {
    for await (const violation of rule(linted)) violations.push(violation);
  }
  return violations.sort((a, b) => (a.cell ?? 0) - (b.cell ?? 0) || (a.line ?? 0) - (b.line ?? 0));
}

function rulesFor(notebooks: readonly LintedNotebook[]): Rule[] {
  const compilation = new Compilation(notebooks);
  return [
    committed,
    sections,
    imports,
    machinePaths,
    links,
    formulas,
    references(documentedMethod()),
    formatting,
    syntax,
    names,
    types(compilation),
    promises(compilation),
  ];
}

function lineFor(file: string, { cell, line, message }: Violation): string {
  const name = path.relative('', file);
  if (cell === undefined) return `${name}: ${message}`;
  return `${name} cell ${cell}${line === undefined ? '' : `, line ${line}`}: ${message}`;
}
