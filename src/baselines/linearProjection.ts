/**
 * Linear projection ("LP" in the paper's Table 5): one linear layer in the place of Eq. 2–6.
 *
 *   Z_m = [slot of each other modality's T_i, zeros where it is not available]    [B, N_m, Σ_{i≠m} d_i]
 *   T̂_m = Z_m·W_m + b_m                                                           [B, N_m, d_m]
 *
 * D2: fixed slots in declared order. D3: a linear layer over the token axis where counts differ.
 */
import { addResample, concatenateSlots } from '../mmp/project.js';
import { checkModalities, sourcesAndTargets, type Projector } from '../mmp/projector.js';
import type { ModalityShape, Tokens } from '../models/base.js';
import { addLinear, linear } from '../tensor/linear.js';
import { Parameters } from '../tensor/parameters.js';

export class LinearProjection implements Projector {
  readonly parameters: Parameters;

  /** @param seed decides every initial value */
  constructor(
    readonly modalities: readonly ModalityShape[],
    seed: number,
  ) {
    checkModalities('LinearProjection', modalities);
    this.parameters = new Parameters(seed);
    for (const target of modalities) {
      const slots = this.slotsOf(target);
      for (const { name, tokens } of slots) addResample(this.parameters, name, tokens, target);
      const inputs = slots.reduce((sum, { width }) => sum + width, 0);
      addLinear(this.parameters, `project.${target.name}`, inputs, target.width);
    }
  }

  projectTokens(tokens: Tokens, masked: readonly string[]): Tokens {
    const { parameters, modalities } = this;
    const where = 'LinearProjection.projectTokens';
    const { sources, targets } = sourcesAndTargets(where, modalities, tokens, masked);
    const projected = targets.map((target) => {
      const slots = concatenateSlots(parameters, target.name, this.slotsOf(target), sources);
      return [target.name, linear(parameters, `project.${target.name}`, slots)] as const;
    });
    return Object.fromEntries(projected);
  }

  private slotsOf(target: ModalityShape): ModalityShape[] {
    return this.modalities.filter(({ name }) => name !== target.name);
  }
}
