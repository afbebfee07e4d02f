/**
 * Promises that nobody awaits. The cell, and with it the notebook, would go on before they are done, and an
 * error would have no cell; a `catch` does not change the first of these.
 */
import ts from 'typescript';
import type { Compilation } from './compilation.js';
import type { Rule } from './rule.js';

export const promises = (compilation: Compilation): Rule =>
  function* (linted) {
    const module = compilation.moduleOf(linted);
    if (!module) return;
    const checker = compilation.program.getTypeChecker();
    for (const { expression } of statementsOf(module)) {
      if (isAssignment(expression)) continue;
      if (!isPromise(checker, checker.getTypeAtLocation(expression))) continue;
      const message = 'nobody awaits this promise: begin with "await", or with "void" on purpose';
      yield { ...compilation.placeOf(module, expression.getStart(module)), message };
    }
  };

function* statementsOf(node: ts.Node): Generator<ts.ExpressionStatement> {
  if (ts.isExpressionStatement(node)) yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* statementsOf(child);
}

/** What is assigned is kept, and can be awaited later. */
function isAssignment(expression: ts.Expression): boolean {
  return (
    ts.isBinaryExpression(expression) &&
    expression.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    expression.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}

/** Whether values may be promises, or lists of them. */
function isPromise(checker: ts.TypeChecker, type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some((part) => isPromise(checker, part));
  if (checker.isArrayType(type) || checker.isTupleType(type)) {
    return checker
      .getTypeArguments(type as ts.TypeReference)
      .some((element) => isPromise(checker, element));
  }
  return checker.getPropertyOfType(checker.getApparentType(type), 'then') !== undefined;
}
