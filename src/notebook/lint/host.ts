/** Sources that are in no file, for the TypeScript compiler. */
import ts from 'typescript';

/** A compiler host that sees sources, by name, as if they were files. */
export function hostOf(
  options: ts.CompilerOptions,
  sources: ReadonlyMap<string, string>,
): ts.CompilerHost {
  const disk = ts.createCompilerHost(options);
  return {
    ...disk,
    fileExists: (name) => sources.has(name) || disk.fileExists(name),
    readFile: (name) => sources.get(name) ?? disk.readFile(name),
    getSourceFile: (name, version, ...others) => {
      const source = sources.get(name);
      return source === undefined
        ? disk.getSourceFile(name, version, ...others)
        : ts.createSourceFile(name, source, version);
    },
  };
}
