/** Node: whether it fits what package.json asks for, and which is recommended. */
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../files/paths.js';
import { parseJson } from './json.js';
import type { Probe } from './probe.js';
import type { Finding } from './report.js';

const manifestSchema = z.object({ engines: z.object({ node: z.string() }) });

export function nodeFindings(probe: Probe): Finding[] {
  const manifest = parseJson(probe.read(path.join(projectRoot, 'package.json')));
  const wanted = manifestSchema.parse(manifest).engines.node;
  const recommended = probe.read(path.join(projectRoot, '.nvmrc'))?.trim();
  const { version, file } = probe.node;
  const fits = fitsRange(version, wanted);
  const advice = recommended === undefined ? '' : `; ${recommended} LTS is recommended`;
  const remedy = `install Node ${recommended ?? wanted} (https://nodejs.org), then npm ci`;
  return [
    {
      area: 'node',
      what: 'Node',
      state: fits ? 'ok' : 'failed',
      detail: `${version}, ${fits ? 'fits' : 'does not fit'} ${wanted}${advice}; ${file}`,
      remedy: fits ? null : remedy,
    },
  ];
}

/**
 * Whether a version is in a range of the two forms that package.json uses, `^1.2.3` and `>=1.2.3`, joined
 * by `||`.
 *
 * @throws Error for a range of another form
 */
export function fitsRange(version: string, range: string): boolean {
  const given = numbersOf(version);
  return range.split('||').some((part) => {
    const [, sign, least] = /^(\^|>=)(\d+\.\d+\.\d+)$/.exec(part.trim()) ?? [];
    if (least === undefined) throw new Error(`fitsRange: cannot read "${part.trim()}"`);
    const from = numbersOf(least);
    const differs = from.findIndex((number, place) => number !== given[place]);
    const notBelow = differs < 0 || given[differs]! > from[differs]!;
    return notBelow && (sign === '>=' || given[0] === from[0]);
  });
}

/** What follows the numbers, such as -nightly, is left out. */
const numbersOf = (version: string) => version.split('-')[0]!.split('.').map(Number);
