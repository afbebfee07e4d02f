/** `npm run doctor`: everything that is looked at, one area after the other. */
import { backendFindings, checkBackends, checkChoice } from './backends.js';
import { dataFindings } from './data.js';
import { figureFindings } from './figures.js';
import { gpuFindings } from './gpu.js';
import { kernelFindings } from './kernel.js';
import { labFindings } from './lab.js';
import { machineFindings } from './machine.js';
import { nativeFindings } from './nativeTensorflow.js';
import { nodeFindings } from './node.js';
import { packageFindings, packagesSuffice } from './packages.js';
import type { Probe } from './probe.js';
import type { Finding, Report } from './report.js';
import { vulkanFindings } from './vulkan.js';

/**
 * Examines a machine.
 *
 * @param say told what is tried, because that takes a while
 */
export async function examine(
  probe: Probe,
  say: (line: string) => void = () => undefined,
): Promise<Report> {
  const packages = await guarded('packages', () => packageFindings(probe));
  const before = [
    ...(await guarded('node', () => nodeFindings(probe))),
    ...packages,
    ...(await guarded('jupyter', () => kernelFindings(probe))),
    ...(await guarded('jupyter', () => labFindings(probe))),
  ];
  say('a figure …');
  before.push(...(await guarded('figures', () => figureFindings(probe))));
  const backends = await checkBackends(probe, say);
  say('the backend that runs unasked …');
  const { unasked, finding } = await checkChoice(probe);
  return {
    format: 1,
    date: new Date().toISOString(),
    node: `v${probe.node.version}`,
    system: `${probe.platform} ${probe.architecture}`,
    canRun: packagesSuffice(packages) && backends.some(({ state }) => works(state)),
    findings: [
      ...before,
      ...backendFindings(backends),
      finding,
      ...(await guarded('native', () => nativeFindings(probe))),
      ...(await guarded('gpu', () => gpuFindings(probe))),
      ...(await guarded('vulkan', () => vulkanFindings(probe))),
      ...(await guarded('data', () => dataFindings(probe))),
      ...(await guarded('machine', () => machineFindings(probe))),
    ],
    backends,
    unasked,
  };
}

const works = (state: Finding['state']) => state === 'ok' || state === 'warning';

/** The findings of an area, or one that says why they are not known: the others are told all the same. */
async function guarded(
  area: Finding['area'],
  look: () => Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    const detail = `cannot be examined: ${error instanceof Error ? error.message : String(error)}`;
    return [{ area, what: area, state: 'failed', detail, remedy: null }];
  }
}
