/** Starts a backend, computes with it and takes the time. Runs in a process of its own. */
import { median } from 'simple-statistics';
import { z } from 'zod';
import {
  BackendUnavailable,
  describeBackend,
  firstThatStarts,
  preference,
  useBackend,
  type Road,
} from '../../tensor/backend.js';
import { computationSchema, type Choice, type Computation } from '../report.js';
import { exactProducts, makeFactors, productErrors, type Errors } from './products.js';

const repetitions = 7;

/** What the process tells: a computation, or why there is none. */
export const backendReplySchema = z.union([
  computationSchema,
  z.object({ reason: z.string(), remedy: z.string() }),
]);
export type BackendReply = z.infer<typeof backendReplySchema>;

/** @param request of `backendRequests` */
export async function checkBackend(request: string): Promise<BackendReply> {
  try {
    return await computeOn(request);
  } catch (error) {
    if (!(error instanceof BackendUnavailable)) throw error;
    return { reason: error.reason, remedy: error.remedy };
  }
}

async function computeOn(request: string): Promise<Computation> {
  const factors = makeFactors();
  const exact = exactProducts(factors);
  const timed = async <Value>(work: () => Promise<Value>): Promise<[Value, number]> => {
    const begin = performance.now();
    const value = await work();
    return [value, performance.now() - begin];
  };

  const [description, startMilliseconds] = await timed(() => useBackend(request));
  const compute = () => timed(() => productErrors(factors, exact));
  const [first, firstMilliseconds] = await compute();
  const errors: Errors[] = [first];
  const times: number[] = [];
  for (let round = 0; round < repetitions; round++) {
    const [later, milliseconds] = await compute();
    errors.push(later);
    times.push(milliseconds);
  }
  const { device, gpu, precision } = description;
  return {
    device,
    gpu,
    precision,
    productError: worst(errors.map(({ productError }) => productError)),
    gradientError: worst(errors.map(({ gradientError }) => gradientError)),
    startMilliseconds,
    firstMilliseconds,
    medianMilliseconds: median(times),
  };
}

/** JSON has no Infinity. */
function worst(errors: readonly number[]): number | null {
  const largest = Math.max(...errors);
  return Number.isFinite(largest) ? largest : null;
}

/** Tries the backends as a run does that asks for none, and keeps the reasons. */
export async function chooseBackend(roads: readonly Road[] = preference): Promise<Choice> {
  const refused: Choice['refused'] = [];
  for (const road of roads) {
    try {
      const chosen = await firstThatStarts([road]);
      // A run would go on to say what it runs on, and fail where that cannot be said.
      describeBackend();
      return { chosen, refused };
    } catch (error) {
      if (!(error instanceof BackendUnavailable)) throw error;
      refused.push({ request: error.request, reason: error.reason });
    }
  }
  return { chosen: null, refused };
}
