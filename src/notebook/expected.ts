/**
 * Which cells must have outputs: those whose top-level statements call something that displays, whatever
 * happens. An output that was lost on its way is missed by nobody else.
 */
import ts from 'typescript';

/** What displays something when it is called; what cells import is named after its module. */
const displaying = new Set([
  'console.log',
  'console.info',
  'console.debug',
  'console.table',
  'console.dir',
  'process.stdout.write',
  'mmp.show',
  'mmp.table',
  'mmp.pictures',
  'mmp.report',
  'mmp.memory',
  'mmp.exercise',
  'mmp.assertSame',
  'mmp.openNotebook',
  'mmp.watchRun',
  'tslab.display.html',
  'tslab.display.javascript',
  'tslab.display.jpeg',
  'tslab.display.markdown',
  'tslab.display.png',
  'tslab.display.svg',
  'tslab.display.text',
]);

/** The modules of which cells import what displays. */
const modules = ['mmp', 'tslab'];

/** Operators whose right side may not be run. */
const shortCircuits = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

/**
 * @param cells the sources of a notebook's code cells, in order
 * @returns for each cell the first call that must have left an output, such as `show`
 */
export function expectedOutputs(cells: readonly string[]): (string | undefined)[] {
  const imported = new Map<string, string>();
  return cells.map((source) => {
    const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022);
    file.statements.filter(ts.isImportDeclaration).forEach((declaration) => {
      for (const [local, name] of importsOf(declaration)) imported.set(local, name);
    });
    return displayingCall(file, imported);
  });
}

/** Local names of what is imported: `show` → `mmp.show`. */
function importsOf({ moduleSpecifier, importClause }: ts.ImportDeclaration): [string, string][] {
  const module = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : '';
  const bindings = importClause?.namedBindings;
  if (!modules.includes(module) || !bindings) return [];
  if (ts.isNamespaceImport(bindings)) return [[bindings.name.text, module]];
  return bindings.elements.map(({ name, propertyName = name }) => [
    name.text,
    `${module}.${propertyName.text}`,
  ]);
}

/** The first call below a node that is made whatever happens and displays something, as it is written. */
function displayingCall(node: ts.Node, imported: ReadonlyMap<string, string>): string | undefined {
  if (ts.isCallExpression(node) && !ts.isOptionalChain(node)) {
    const [root, ...properties] = dottedName(node.expression);
    const name = [imported.get(root) ?? root, ...properties].join('.');
    if (displaying.has(name)) return [root, ...properties].join('.');
  }
  for (const part of partsThatRun(node)) {
    const found = displayingCall(part, imported);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `console.log` as its names; empty for what is not names joined by dots. */
function dottedName(node: ts.Expression): [string, ...string[]] {
  if (ts.isIdentifier(node)) return [node.text];
  if (!ts.isPropertyAccessExpression(node)) return [''];
  return [...dottedName(node.expression), node.name.text];
}

/** The parts of a node that are run whenever the node is. */
function partsThatRun(node: ts.Node): readonly ts.Node[] {
  if (ts.isFunctionLike(node) || ts.isClassLike(node)) return [];
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isSwitchStatement(node)) {
    return [node.expression];
  }
  if (ts.isForStatement(node)) {
    return [node.initializer, node.condition].filter((part) => part !== undefined);
  }
  if (ts.isForInStatement(node) || ts.isForOfStatement(node)) return [node.expression];
  if (ts.isTryStatement(node)) return node.finallyBlock ? [node.finallyBlock] : [];
  if (ts.isConditionalExpression(node)) return [node.condition];
  if (ts.isBinaryExpression(node) && shortCircuits.has(node.operatorToken.kind)) return [node.left];
  if (ts.isOptionalChain(node)) return [node.expression];
  const parts: ts.Node[] = [];
  ts.forEachChild(node, (part) => void parts.push(part));
  return parts;
}
