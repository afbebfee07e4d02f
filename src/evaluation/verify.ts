/**
 * Verification: does the method, on the current backend, reproduce golden cases? Compared are every
 * intermediate value of Eq. 2–6, the alignment loss of Eq. 7, and its gradient for every parameter. Cases of base
 * networks are in networks/.
 */
import { alignmentLoss } from '../mmp/align.js';
import { Mmp, projectedTokens, type MmpParts } from '../mmp/mmp.js';
import type { BackendName } from '../tensor/backend.js';
import { tf } from '../tensor/tf.js';
import { expectNames } from '../tensor/names.js';
import { compareAll, type Comparison } from './compare.js';
import {
  findGolden,
  isNetworkCase,
  naming,
  readGolden,
  type GoldenCase,
  type GoldenConfig,
} from './golden.js';
import { verifyNetwork } from './networks/verifyNetwork.js';

/**
 * The largest error allowed, relative to the largest value of a tensor. Golden cases are computed in
 * float64 and these backends compute in float32 (one rounding: 6e-8): all stages and their gradient come
 * to a few 1e-6, a wrong formula to far more. WebGPU allows coarser exponentials and divisions: the limit
 * of such a backend is 2e-4.
 */
export const limits: Readonly<Record<BackendName, number>> = {
  tensorflow: 1e-5,
  wasm: 1e-5,
  cpu: 1e-5,
  webgpu: 2e-4,
};

/** A case, what it is about, and its comparisons. */
interface Verified {
  readonly prefix: string;
  readonly about: string;
  readonly comparisons: Comparison[];
}

/** What came of one case: its comparisons, or why there are none. */
export type Outcome = Verified | { readonly prefix: string; readonly failure: string };

/**
 * Verifies all cases of some folders and of single ones, one after the other. One that cannot be read or
 * does not fit the method is an outcome, too, so that it does not hide the others.
 *
 * @param places folders, or paths of cases without the endings
 */
export async function* verify(places: readonly string[]): AsyncGenerator<Outcome> {
  for (const place of places) {
    let prefixes: string[];
    try {
      prefixes = findGolden(place);
    } catch (error) {
      yield { prefix: place, failure: (error as Error).message };
      continue;
    }
    for (const prefix of prefixes) {
      try {
        yield { prefix, ...(await (isNetworkCase(prefix) ? verifyNetwork : verifyMethod)(prefix)) };
      } catch (error) {
        yield { prefix, failure: (error as Error).message };
      }
    }
  }
}

async function verifyMethod(prefix: string): Promise<Omit<Verified, 'prefix'>> {
  const golden = readGolden(prefix);
  const about = `${golden.config.masked.join(', ') || 'nothing'} masked`;
  return { about, comparisons: await verifyCase(golden) };
}

/** The largest error of a case; Infinity where nothing could be compared. */
export function worstOf(outcome: Outcome): number {
  return 'failure' in outcome
    ? Infinity
    : Math.max(...outcome.comparisons.map(({ error }) => error));
}

/**
 * Runs the method on one case, forward and backward, on the current backend.
 *
 * @returns one comparison per tensor, in the order of the method
 * @throws Error naming the file when its parameters do not fit the configuration, or when the case lacks
 *   a tensor that the method makes, has one that it does not make, or has one of another shape
 */
export async function verifyCase(golden: GoldenCase): Promise<Comparison[]> {
  const mmp = new Mmp(golden.config, 1);
  const made: Record<string, tf.Tensor> = {};
  try {
    naming(golden.files.parameters, () => {
      mmp.parameters.load(golden.parameters);
    });
    Object.assign(
      made,
      tf.tidy(() => forwardAndBackward(mmp, golden)),
    );
    checkFit(golden, made);
    return await compareAll(made, golden.expected, floors(golden));
  } finally {
    mmp.parameters.dispose();
    tf.dispose(made);
  }
}

/** Checks that a case holds exactly the tensors that the method makes. */
function checkFit({ expected, files }: GoldenCase, made: Record<string, tf.Tensor>): void {
  expectNames(files.case, expected.keys(), Object.keys(made));
  for (const [name, { shape }] of expected) {
    const wanted = made[name]!.shape;
    if (wanted.join() !== shape.join()) {
      throw new Error(
        `${files.case}: "${name}" must be [${wanted.join(', ')}], got [${shape.join(', ')}]`,
      );
    }
  }
}

/** Everything that a case holds beside its tokens, under the names that it has there. */
function forwardAndBackward(mmp: Mmp, golden: GoldenCase): Record<string, tf.Tensor> {
  const { masked } = golden.config;
  const tokens = Object.fromEntries(
    [...golden.tokens].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  const names = mmp.parameters.names;
  const variables = names.map((name) => mmp.parameters.get(name));
  // The loss of nothing masked depends on no parameter, which TF.js refuses to differentiate.
  const { value, grads } =
    masked.length > 0
      ? tf.variableGrads(
          () => alignmentLoss(tokens, projectedTokens(mmp.project(tokens, masked))).asScalar(),
          variables,
        )
      : { value: alignmentLoss(tokens, {}), grads: {} as tf.NamedTensorMap };
  const gradients = names.map((name, index) => {
    const variable = variables[index]!;
    return [`gradient.${name}`, grads[variable.name] ?? tf.zerosLike(variable)] as const;
  });
  return {
    ...namedParts(mmp.project(tokens, masked)),
    alignment_loss: value,
    ...Object.fromEntries(gradients),
  };
}

function namedParts(parts: MmpParts): Record<string, tf.Tensor> {
  const named: Record<string, tf.Tensor> = {};
  for (const [i, { output, weights }] of Object.entries(parts.aggregated)) {
    named[`aggregated.${i}`] = output;
    named[`aggregate_attention.${i}`] = weights;
  }
  for (const [m, target] of Object.entries(parts.targets)) {
    for (const [i, { output }] of Object.entries(target.related))
      named[`related.${i}.${m}`] = output;
    for (const [i, { output }] of Object.entries(target.refined))
      named[`refined.${i}.${m}`] = output;
    named[`projected.${m}`] = target.projected;
  }
  return named;
}

/**
 * The least that the error of a tensor is measured against. It is there for tensors that are zero, or
 * rounding around zero, and hides errors below the limit times itself.
 *
 * - Values and the loss: 1e-6, far below any of theirs.
 * - Gradients in which numbers as large as the other gradients cancel, and leave their rounding: a
 *   hundredth of the largest entry of the whole gradient. With a limit of 1e-5 that hides what is
 *   below one float32 step (1e-7) of that entry.
 * - Other gradients, all weights without such a cancellation: a millionth of that entry.
 */
function floors({ config, expected }: GoldenCase): (name: string) => number {
  let largest = 0;
  for (const [name, { values }] of expected) {
    if (!name.startsWith('gradient.')) continue;
    for (const value of values) largest = Math.max(largest, Math.abs(value));
  }
  return (name) => {
    if (!name.startsWith('gradient.')) return 1e-6;
    const parameter = name.slice('gradient.'.length);
    return (cancels(parameter, config) ? 1e-2 : 1e-6) * largest;
  };
}

/** Whether the gradient of a parameter is a sum or difference of much larger numbers. */
function cancels(parameter: string, config: GoldenConfig): boolean {
  // A bias sums over all samples and tokens.
  if (parameter.endsWith('.bias')) return true;
  // A softmax subtracts the mean: its key bias gets 1e-17, and where tokens are nearly equal, queries and
  // keys get hardly more.
  if (/\.(query|key|queryNorm)\.weight$/.test(parameter)) return true;
  // What only makes queries is felt through them alone, unless these are added to the output (D7): A_m,
  // and in one variant (D1) all of Eq. 2 and 3.
  if (config.residual) return false;
  return config.refine === 'aggregated'
    ? /^(aggregated|aggregate|relate)\./.test(parameter)
    : parameter.startsWith('aggregated.');
}
