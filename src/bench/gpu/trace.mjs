/**
 * Which files a program loads, found by following its imports: a process that is told as JSON where to begin
 * and writes the files as JSON. Plain JavaScript with a flag of Node's (--experimental-import-meta-resolve),
 * because only `import.meta.resolve` finds what an `import` of another file finds.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';

const { root, entries, except } = JSON.parse(process.argv[2]);

const found = new Set();
const left = entries.map((file) => realpathSync(file));
while (left.length > 0) {
  const file = left.pop();
  if (found.has(file) || except.includes(file)) continue;
  found.add(file);
  for (const manifest of manifestsOf(file)) found.add(manifest);
  if (/\.[cm]?js$/.test(file)) left.push(...importsOf(file));
}
console.log(JSON.stringify([...found].sort()));

/** The files that a file names in require and import. */
function importsOf(file) {
  const require = createRequire(file);
  return namesIn(file).flatMap(({ name, required }) => {
    if (isBuiltin(name)) return [];
    try {
      const resolved = required
        ? require.resolve(name)
        : fileURLToPath(import.meta.resolve(name, pathToFileURL(file)));
      return statSync(resolved).isFile() ? [realpathSync(resolved)] : [];
    } catch {
      // What is not found here is not loaded here either: packages try for some that need not be there.
      return [];
    }
  });
}

/** What stands in `import … from '…'`, `export … from '…'`, `import('…')` and `require('…')` of a file. */
function namesIn(file) {
  const names = [];
  const note = (literal, required) => {
    if (literal && ts.isStringLiteralLike(literal)) names.push({ name: literal.text, required });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      note(node.moduleSpecifier, false);
    } else if (ts.isCallExpression(node)) {
      const { expression } = node;
      if (expression.kind === ts.SyntaxKind.ImportKeyword) note(node.arguments[0], false);
      if (ts.isIdentifier(expression) && expression.text === 'require')
        note(node.arguments[0], true);
    }
    ts.forEachChild(node, visit);
  };
  const text = readFileSync(file, 'utf8');
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS));
  return names;
}

/**
 * Every package.json between a file and the project's folder: they say what its package's files are and how
 * they are found, and a package may have further ones in its folders.
 */
function manifestsOf(file) {
  const manifests = [];
  let folder = path.dirname(file);
  while (folder !== path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (manifest.startsWith(root) && existsSync(manifest)) manifests.push(manifest);
    folder = path.dirname(folder);
  }
  return manifests;
}
