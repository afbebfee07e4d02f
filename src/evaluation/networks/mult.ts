/** MulT against MMSA: the prediction, and what the head starts from. */
import { multFromMmsa } from '../../models/mult/mmsaConfig.js';
import { Mult } from '../../models/mult/mult.js';
import { loadMultWeights } from '../../models/mult/weights.js';
import { tf } from '../../tensor/tf.js';
import { naming } from '../golden.js';
import { expectCase } from './caseTensors.js';
import type { NetworkCase } from './folder.js';
import type { VerifiedNetwork } from './network.js';
import { sentimentModalities, type SentimentModality } from '../../models/sentimentModalities.js';

const inputs = { text: 'B Tt Ft', audio: 'B Ta Fa', vision: 'B Tv Fv' } as const;
/** d of memories and p of the three together */
const outputs = {
  Feature_t: 'B d',
  Feature_a: 'B d',
  Feature_v: 'B d',
  Feature_f: 'B p',
  M: 'B C',
} as const;

export const mult: VerifiedNetwork = {
  name: 'MulT',
  recognises: (config) => 'dst_feature_dim_nheads' in config && 'conv1d_kernel_size_l' in config,
  run: (golden) => {
    const network = networkOf(golden);
    try {
      naming(golden.files.model, () => {
        loadMultWeights(network, golden.model);
      });
      const made = naming(golden.files.case, () => {
        const { width, classes } = network.config;
        expectCase(
          golden.tensors,
          { ...inputs, ...outputs },
          { ...{ d: 2 * width, p: 6 * width, C: classes }, ...featuresOf(network) },
        );
        return tf.tidy(() => forward(network, golden.tensors));
      });
      const expected = Object.keys(outputs).map(
        (name) => [name, golden.tensors.get(name)!] as const,
      );
      return Promise.resolve({ made, expected: new Map(expected) });
    } finally {
      network.parameters.dispose();
    }
  },
};

/** The configuration does not say how long sequences are; the case does. */
function networkOf({ files, config, tensors }: NetworkCase): Mult {
  const lengths = naming(files.case, () =>
    Object.fromEntries(
      sentimentModalities.map((name) => {
        const length = tensors.get(name)?.shape[1];
        if (!length) throw new Error(`no "${name}" of some time steps`);
        return [name, length];
      }),
    ),
  ) as Record<SentimentModality, number>;
  return naming(files.config, () => new Mult(multFromMmsa(config, lengths), 1));
}

const featuresOf = ({ config: { text, audio, vision } }: Mult) => ({
  Ft: text.features,
  Fa: audio.features,
  Fv: vision.features,
});

function forward(network: Mult, tensors: NetworkCase['tensors']) {
  const given = sentimentModalities.map((name) => {
    const { values, shape } = tensors.get(name)!;
    return [name, tf.tensor(values, [...shape], 'float32')] as const;
  });
  const { streams, pooled } = network.encode(network.embed(Object.fromEntries(given)));
  return {
    Feature_t: streams.text,
    Feature_a: streams.audio,
    Feature_v: streams.vision,
    Feature_f: pooled,
    M: network.predict(pooled),
  };
}
