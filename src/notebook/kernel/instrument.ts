/**
 * What is put into compiled cells so that they can be interrupted: every `await` ends when the cell is
 * interrupted, and every loop looks once per turn whether it is.
 */
import type * as Typescript from 'typescript';

/** A place in a compiled file, lines and columns from 0. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The global object through which compiled cells reach the kernel; tslab's executor makes it. */
const kernel = '__tslab__';

/**
 * A transformer of compiled JavaScript.
 *
 * @param script the name of the file, by which the running code says where it awaits
 * @param siteOf gives the place of an `await` a number, by which the running code names it
 */
export function interruptible(
  ts: typeof Typescript,
  script: string,
  siteOf: (place: Place) => number,
): Typescript.TransformerFactory<Typescript.SourceFile> {
  const { factory } = ts;
  const call = (name: string, ...values: Typescript.Expression[]) =>
    factory.createCallExpression(
      factory.createPropertyAccessExpression(factory.createIdentifier(kernel), name),
      undefined,
      values,
    );

  return (context) => (file) => {
    const site = (node: Typescript.Node) => {
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
      return [
        factory.createStringLiteral(script),
        factory.createNumericLiteral(siteOf({ line, column: character })),
      ];
    };
    const checked = (body: Typescript.Statement) =>
      factory.createBlock(
        [
          factory.createExpressionStatement(call('check')),
          ...(ts.isBlock(body) ? body.statements : [body]),
        ],
        true,
      );

    const visit = (node: Typescript.Node): Typescript.Node => {
      // Taken before the children are visited, because new nodes have no place.
      const place =
        ts.isAwaitExpression(node) || ts.isForOfStatement(node) ? site(node) : undefined;
      const visited = ts.visitEachChild(node, visit, context);
      if (ts.isAwaitExpression(visited)) {
        return factory.updateAwaitExpression(
          visited,
          call('interruptible', visited.expression, ...place!),
        );
      }
      if (ts.isForOfStatement(visited)) {
        const { awaitModifier, initializer, expression, statement } = visited;
        const source = awaitModifier
          ? call('interruptibleItems', expression, ...place!)
          : expression;
        return factory.updateForOfStatement(
          visited,
          awaitModifier,
          initializer,
          source,
          checked(statement),
        );
      }
      if (ts.isForStatement(visited)) {
        const { initializer, condition, incrementor, statement } = visited;
        return factory.updateForStatement(
          visited,
          initializer,
          condition,
          incrementor,
          checked(statement),
        );
      }
      if (ts.isForInStatement(visited)) {
        const { initializer, expression, statement } = visited;
        return factory.updateForInStatement(visited, initializer, expression, checked(statement));
      }
      if (ts.isWhileStatement(visited)) {
        return factory.updateWhileStatement(
          visited,
          visited.expression,
          checked(visited.statement),
        );
      }
      if (ts.isDoStatement(visited)) {
        return factory.updateDoStatement(visited, checked(visited.statement), visited.expression);
      }
      return visited;
    };
    return ts.visitEachChild(file, visit, context);
  };
}
