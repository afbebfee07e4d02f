/** What all projectors are tried with. */
import assert from 'node:assert/strict';
import { alignmentLoss } from '../../src/mmp/align.js';
import type { Projector } from '../../src/mmp/projector.js';
import type { ModalityShape, Tokens } from '../../src/models/base.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';

/** Modalities m0, m1, … of so many tokens and that width. */
export const shapes = (...sizes: [number, number][]): ModalityShape[] =>
  sizes.map(([tokens, width], index) => ({ name: `m${index}`, tokens, width }));

/** Normally distributed tokens of every modality, the same for the same seed. */
export function randomTokens(
  { modalities }: { modalities: readonly ModalityShape[] },
  batch: number,
  seed: number,
): Tokens {
  return Object.fromEntries(
    modalities.map(({ name, tokens, width }, index) => [
      name,
      tf.randomNormal([batch, tokens, width], 0, 1, 'float32', seed * 10 + index),
    ]),
  );
}

/** Every 𝒦: all sets of names but the whole. */
export const subsets = (names: string[]): string[][] =>
  Array.from({ length: 2 ** names.length - 1 }, (_, bits) =>
    names.filter((_name, index) => (bits >> index) & 1),
  );

/** Asserts that the alignment loss has the gradient that finite differences give. */
export async function assertGradient(
  projector: Projector,
  tokens: Tokens,
  masked: readonly string[],
): Promise<void> {
  const { parameters } = projector;
  const variables = parameters.names.map((name) => parameters.get(name));
  const loss = () =>
    tf.tidy(() => alignmentLoss(tokens, projector.projectTokens(tokens, masked)).asScalar());
  const { grads } = tf.variableGrads(loss, variables);
  // Along random directions in all parameters at once: (L(p + hv) − L(p − hv)) / 2h against ∇L·v.
  for (let trial = 0; trial < 4; trial++) {
    const random = stream(trial, 'direction');
    const h = 1e-2;
    const directions = variables.map((variable) =>
      tf.tensor(
        Array.from({ length: variable.size }, () => random.normal() / 30),
        variable.shape,
      ),
    );
    const move = (factor: number) => {
      variables.forEach((variable, index) => {
        variable.assign(tf.add(variable, tf.mul(directions[index]!, factor)));
      });
    };
    move(h);
    const above = (await loss().data())[0]!;
    move(-2 * h);
    const below = (await loss().data())[0]!;
    move(h);
    let expected = 0;
    for (const [index, variable] of variables.entries()) {
      const gradient = grads[variable.name];
      if (!gradient) continue;
      expected += (await tf.sum(tf.mul(gradient, directions[index]!)).data())[0]!;
    }
    const measured = (above - below) / (2 * h);
    const error = Math.abs(measured - expected) / Math.abs(expected);
    assert.ok(error < 0.02, `direction ${trial}: measured ${measured}, gradient ${expected}`);
  }
}
