/** TFN and LMF against MMSA: the prediction, what is fused, and what the modalities' sub-networks make. */
import { lmfFromMmsa, tfnFromMmsa } from '../../models/fusionMmsaConfig.js';
import { loadLmfWeights, loadTfnWeights } from '../../models/fusionWeights.js';
import { Lmf } from '../../models/lmf.js';
import { Tfn } from '../../models/tfn.js';
import { tf } from '../../tensor/tf.js';
import { naming } from '../golden.js';
import { expectCase } from './caseTensors.js';
import type { NetworkCase } from './folder.js';
import type { VerifiedNetwork } from './network.js';

/** Ft, Fa, Fv features and t, a, v what is made of them; a mean over time leaves how long audio and vision are open. */
const inputs = { text: 'B Tt Ft', audio: 'B Ta Fa', vision: 'B Tv Fv' } as const;
const outputs = { Feature_t: 'B t', Feature_a: 'B a', Feature_v: 'B v', M: 'B C' } as const;

/** @param fusedShape of what is fused, in the letters above and C classes; MMSA drops axes of one */
function verified<Network extends Tfn | Lmf>(
  name: string,
  model: string,
  make: (config: NetworkCase['config']) => Network,
  load: (network: Network, tensors: NetworkCase['model']) => void,
  fusedShape: (network: Network) => string,
): VerifiedNetwork {
  return {
    name,
    recognises: (config) => config.model_name === model,
    run: (golden) => {
      const network = naming(golden.files.config, () => make(golden.config));
      try {
        naming(golden.files.model, () => {
          load(network, golden.model);
        });
        const made = naming(golden.files.case, () => {
          const expected = { ...inputs, ...outputs, Feature_f: fusedShape(network) };
          expectCase(golden.tensors, expected, sizesOf(network));
          return tf.tidy(() => forward(network, golden.tensors));
        });
        const expected = Object.keys(made).map((key) => [key, golden.tensors.get(key)!] as const);
        return Promise.resolve({ made, expected: new Map(expected) });
      } finally {
        network.parameters.dispose();
      }
    },
  };
}

export const tfn = verified(
  'TFN',
  'tfn',
  (config) => new Tfn(tfnFromMmsa(config), 1),
  loadTfnWeights,
  ({ config: { text, audio, vision } }) =>
    `B ${(1 + audio.width) * (1 + vision.width) * (1 + text.width)}`,
);

export const lmf = verified(
  'LMF',
  'lmf',
  (config) => new Lmf(lmfFromMmsa(config), 1),
  loadLmfWeights,
  ({ config: { rank, classes } }) => (classes > 1 ? `B ${rank} C` : `B ${rank}`),
);

const sizesOf = ({ config: { text, audio, vision, classes } }: Tfn | Lmf) => ({
  ...{ Ft: text.features, Fa: audio.features, Fv: vision.features, C: classes },
  ...{ t: text.width, a: audio.width, v: vision.width },
});

function forward(network: Tfn | Lmf, tensors: NetworkCase['tensors']) {
  const given = Object.keys(inputs).map((name) => {
    const { values, shape } = tensors.get(name)!;
    return [name, tf.tensor(values, [...shape], 'float32')] as const;
  });
  const tokens = network.embed(Object.fromEntries(given));
  const fused = network.combine(tokens);
  const vector = (name: string) => tf.squeeze(tokens[name]!, [1]);
  return {
    Feature_t: vector('text'),
    Feature_a: vector('audio'),
    Feature_v: vector('vision'),
    Feature_f: tf.reshape(fused, [...tensors.get('Feature_f')!.shape]),
    M: network.predict(fused),
  };
}
