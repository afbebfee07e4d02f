/** From places in compiled files back to lines of cells and of imported TypeScript files. */
import { SourceMap, type SourceMapPayload } from 'node:module';
import type { Place } from './instrument.js';

/** One compiled file: a cell or an imported TypeScript file. */
export interface Script {
  /** How it is called in stack traces */
  readonly name: string;
  /** What a reader calls it: `cell [3]`, `src/mmp/align.ts` */
  readonly label: string;
  /** The lines as they were written */
  readonly lines: readonly string[];
  /** The maps from what runs back to what was written, last step of compilation first */
  readonly maps: readonly SourceMapPayload[];
  /** Lines that the compiler put before the first */
  readonly linesBefore: number;
  /** How many lines run; tslab's executor adds one that calls them */
  readonly compiledLines: number;
  /** Where the code awaits, in the result of the first step */
  readonly sites: readonly Place[];
}

/** A line of source; line and column from 1. */
export interface SourcePlace {
  readonly script: Script;
  readonly line: number;
  readonly column: number;
}

export class Scripts {
  private readonly byName = new Map<string, Script>();

  add(script: Script): void {
    this.byName.set(script.name, script);
  }

  get(name: string): Script | undefined {
    return this.byName.get(name);
  }

  /** The source of a place in running code; line and column from 1, as stack traces have them. */
  ofFrame(name: string, line: number, column: number): SourcePlace | undefined {
    const script = this.byName.get(name);
    if (!script || line > script.compiledLines) return undefined;
    return sourceOf(script, script.maps, { line: line - 1, column: column - 1 });
  }

  /** The source of an `await`. */
  ofSite(name: string, site: number): SourcePlace | undefined {
    const script = this.byName.get(name);
    const place = script?.sites[site];
    // Sites are places in the result of the first step, so the maps of later steps are not theirs.
    return script && place && sourceOf(script, script.maps.slice(-1), place);
  }
}

function sourceOf(
  script: Script,
  maps: readonly SourceMapPayload[],
  place: Place,
): SourcePlace | undefined {
  let { line, column } = place;
  for (const map of maps) {
    const entry = new SourceMap(map).findEntry(line, column);
    if (!('originalLine' in entry)) return undefined;
    ({ originalLine: line, originalColumn: column } = entry);
  }
  const sourceLine = line - script.linesBefore;
  // What the compiler added after the last line is no place in the source.
  if (sourceLine < 0 || sourceLine >= script.lines.length) return undefined;
  return { script, line: sourceLine + 1, column: column + 1 };
}
