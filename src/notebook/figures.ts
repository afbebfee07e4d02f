/** TEMP until merged */
import type { Figure } from '../figures/figure.js';
export function isFigure(value: unknown): value is Figure {
  const f = value as Partial<Figure> | null;
  return (
    typeof value === 'object' &&
    Array.isArray(f?.data) &&
    typeof f?.layout?.title?.text === 'string'
  );
}
