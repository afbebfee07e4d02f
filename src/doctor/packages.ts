/** npm packages: what the lock file asks for and node_modules does not have. */
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../files/paths.js';
import { parseJson } from './json.js';
import type { Probe } from './probe.js';
import type { Finding } from './report.js';

const entrySchema = z.object({
  version: z.string().optional(),
  link: z.boolean().optional(),
  optional: z.boolean().optional(),
  os: z.array(z.string()).optional(),
  cpu: z.array(z.string()).optional(),
  libc: z.array(z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
type Entry = z.infer<typeof entrySchema>;
const manifestSchema = z.object({ version: z.string() });
const lockSchema = z.object({ packages: z.record(z.string(), entrySchema) });

const required = 'npm packages';
const remedy = 'npm ci';

export function packageFindings(probe: Probe): Finding[] {
  const lock = parseJson(probe.read(path.join(projectRoot, 'package-lock.json')));
  const { '': project, ...packages } = lockSchema.parse(lock).packages;
  const entries = Object.entries(packages).filter(([, { link }]) => !link);
  const wanted = entries.filter(([, { optional }]) => !optional);
  const parts = entries.filter(([, entry]) => entry.optional && entry.os && fits(entry, probe));
  const absent = (some: [string, Entry][]) =>
    some
      .map(([place]) => place)
      .filter((place) => installedVersion(place, probe) === undefined)
      .map((place) => place.replace(/^node_modules\//, ''));
  const others = wanted.flatMap(([place, { version }]) => {
    const found = installedVersion(place, probe);
    if (found === undefined || found === version) return [];
    return [`${place.replace(/^node_modules\//, '')} ${found} instead of ${version}`];
  });

  const findings: Finding[] = [];
  const add = (what: string, state: Finding['state'], detail: string, todo: string | null) => {
    findings.push({ area: 'packages', what, state, detail, remedy: todo });
  };
  const gone = absent(wanted);
  if (gone.length > 0) add(required, 'missing', `missing: ${some(gone)}`, remedy);
  else if (others.length > 0) add(required, 'warning', `other versions: ${some(others)}`, remedy);
  else add(required, 'ok', `all ${wanted.length} of package-lock.json`, null);

  const goneParts = absent(parts);
  if (goneParts.length > 0) {
    const detail = `compiled for this system and optional to npm, missing: ${some(goneParts)}`;
    add('compiled parts', 'warning', detail, remedy);
  }
  const choices = Object.keys(project?.optionalDependencies ?? {});
  for (const name of absent(choices.map((one) => [`node_modules/${one}`, {}]))) {
    const detail = `${name} is not installed; it is optional, and its download fails on some networks`;
    add('optional package', 'missing', detail, null);
  }
  return findings;
}

/** Whether every package is there without which the workbook does not run. */
export const packagesSuffice = (findings: readonly Finding[]): boolean =>
  findings.some(({ what, state }) => what === required && state !== 'missing');

/** Undefined also where what lies there is not whole. */
function installedVersion(place: string, probe: Probe): string | undefined {
  const manifest = parseJson(probe.read(path.join(projectRoot, place, 'package.json')));
  return manifestSchema.safeParse(manifest).data?.version;
}

/** Whether npm would install a package here that is for some systems only. */
function fits({ os, cpu, libc }: Entry, probe: Probe): boolean {
  const among = (value: string | null, list: string[] | undefined) =>
    list === undefined || (value !== null && list.includes(value));
  return among(probe.platform, os) && among(probe.architecture, cpu) && among(probe.libc, libc);
}

/** The first few of a list. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
