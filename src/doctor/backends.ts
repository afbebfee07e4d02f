/** Backends: each is started and computes in a process of its own, and what it computed is judged. */
import { backendRequests, type BackendRequest } from '../tensor/backend.js';
import type { NativeBuild, Precision } from '../tensor/native.js';
import { ask, type Answer } from './ask.js';
import { backendReplySchema, type BackendReply } from './checks/backend.js';
import { deviceFiles } from './gpu.js';
import { nativeBuildOf, type Probe } from './probe.js';
import {
  choiceSchema,
  type BackendResult,
  type Choice,
  type Computation,
  type Finding,
} from './report.js';

/**
 * The largest error allowed, relative to the largest value. One rounding is 6e-8 in float32 and 5e-4 in TF32,
 * which rounds both factors; sums of 53 products lose a little more.
 */
const limits: Readonly<Record<Precision, number>> = { float32: 1e-5, TF32: 5e-3 };

/** Asks every backend in turn: together they would take each other's time. */
export async function checkBackends(
  probe: Probe,
  say: (line: string) => void,
): Promise<BackendResult[]> {
  const build = nativeBuildOf(probe);
  const results: BackendResult[] = [];
  for (const request of backendRequests) {
    say(`backend ${request} …`);
    const answer = await ask(probe, 'backend', backendReplySchema, request);
    const result = judge(request, answer, isExpected(request, build));
    results.push(request === 'webgpu' ? withGpuInMind(result, deviceFiles(probe)) : result);
  }
  return results;
}

/** Whether what a backend needs is there, so that it must run. */
function isExpected(request: BackendRequest, build: NativeBuild | undefined): boolean {
  if (request === 'tensorflow') return build !== undefined;
  if (request === 'cuda') return build !== undefined && build.cudaFolders.length > 0;
  return request === 'wasm' || request === 'cpu';
}

/** On a machine with a GPU, a software adapter means that the GPU's driver is not found. */
function withGpuInMind(result: BackendResult, gpus: readonly string[]): BackendResult {
  if (result.state !== 'ok' || result.computation?.gpu || gpus.length === 0) return result;
  return {
    ...result,
    state: 'warning',
    reason: `there is a GPU (${gpus.join(', ')}), but the adapter is software`,
    remedy: "install the GPU's Vulkan driver, see the findings about Vulkan",
  };
}

/**
 * What an answer says about a backend.
 *
 * @param expected whether it must run here
 */
export function judge(
  request: BackendRequest,
  answer: Answer<BackendReply>,
  expected: boolean,
): BackendResult {
  const { reply, failure } = answer;
  const remedy = `do without it: MMP_BACKEND=${request === 'wasm' ? 'cpu' : 'wasm'}`;
  if (reply === undefined) {
    const reason = failure ?? null;
    return { request, state: 'failed', reason, remedy, computation: null };
  }
  if ('reason' in reply) {
    return { request, state: expected ? 'failed' : 'missing', ...reply, computation: null };
  }
  const wrong = wrongPart(reply);
  if (wrong !== undefined) {
    return { request, state: 'failed', reason: wrong, remedy, computation: reply };
  }
  if (failure !== undefined) {
    const reason = `computes, but its process ended badly: ${failure}`;
    return { request, state: 'warning', reason, remedy, computation: reply };
  }
  return { request, state: 'ok', reason: null, remedy: null, computation: reply };
}

function wrongPart({ productError, gradientError, precision }: Computation): string | undefined {
  const limit = limits[precision];
  const [what, error] = [
    ['the product', productError] as const,
    ['the gradient', gradientError] as const,
  ].find(([, size]) => !isWithin(size, limit)) ?? [undefined, 0];
  if (what === undefined) return undefined;
  const size =
    error === null ? 'not finite' : `off by ${error.toExponential(1)} of its largest value`;
  return `${what} is wrong: ${size} (limit ${limit})`;
}

const isWithin = (error: number | null, limit: number) => error !== null && error <= limit;

export function backendFindings(results: readonly BackendResult[]): Finding[] {
  return results.map(({ request, state, reason, remedy, computation }) => ({
    area: 'backends',
    what: request,
    state,
    detail: [reason, computation && computationText(computation)].filter(Boolean).join('; '),
    remedy,
  }));
}

function computationText(computation: Computation): string {
  const { device, precision, productError, gradientError } = computation;
  const size = (error: number | null) => error?.toExponential(1) ?? 'not finite';
  const time = (milliseconds: number) => milliseconds.toFixed(milliseconds < 10 ? 1 : 0);
  return (
    `${device}, ${precision}; product and gradient off by ${size(productError)} and ` +
    `${size(gradientError)}; starts in ${time(computation.startMilliseconds)} ms, computes in ` +
    `${time(computation.firstMilliseconds)} ms at first, then ${time(computation.medianMilliseconds)} ms`
  );
}

const remedyOfChoice = 'name one that works, such as MMP_BACKEND=wasm';

/** Which backend runs unasked, and why those before it do not. */
export async function checkChoice(
  probe: Probe,
): Promise<{ unasked: Choice | null; finding: Finding }> {
  const { reply, failure } = await ask(probe, 'choice', choiceSchema);
  const asked = probe.environment.MMP_BACKEND;
  const note = asked ? `; MMP_BACKEND asks for ${asked}` : '';
  const common = { area: 'backends', what: 'unasked' } as const;
  if (reply === undefined) {
    const detail = `the choice does not end well: ${failure}${note}`;
    return {
      unasked: null,
      finding: { ...common, state: 'failed', detail, remedy: remedyOfChoice },
    };
  }
  const end = failure === undefined ? '' : `; its process ended badly: ${failure}`;
  const reasons = reply.refused.map(({ request, reason }) => `not ${request}: ${reason}`);
  const detail = `${[reply.chosen ?? 'none can run', ...reasons].join('; ')}${end}${note}`;
  const state = reply.chosen === null ? 'failed' : failure === undefined ? 'ok' : 'warning';
  const remedy = state === 'ok' ? null : remedyOfChoice;
  return { unasked: reply, finding: { ...common, state, detail, remedy } };
}
