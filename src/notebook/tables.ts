/** TEMP until merged */
import type { Bundle } from './display.js';
import { tableHtml, type Cell } from './html.js';
export interface FrameLike {
  readonly columns: readonly string[];
  readonly values: unknown;
}
export function isFrame(value: unknown): value is FrameLike {
  return (
    typeof value === 'object' &&
    value !== null &&
    'columns' in value &&
    'values' in value &&
    'ctypes' in value
  );
}
export function frameBundle(f: FrameLike): Bundle {
  return {
    'text/html': tableHtml(f.columns, f.values as Cell[][]),
    'text/plain': f.columns.join('\t'),
  };
}
