/** CMNeXt against DELIVER: what the head reads of each stage, and the logits. */
import { cmnextFromDeliver } from '../../models/cmnext/config.js';
import { Cmnext } from '../../models/cmnext/cmnext.js';
import { loadCmnextWeights } from '../../models/cmnext/weights.js';
import { namesOf } from '../../models/base.js';
import { tf } from '../../tensor/tf.js';
import { naming } from '../golden.js';
import { expectCase } from './caseTensors.js';
import type { NetworkCase } from './folder.js';
import type { VerifiedNetwork } from './network.js';

/** Images there have their channels first; h and w of the four stages */
const outputs = {
  feature_0: 'B d0 h0 w0',
  feature_1: 'B d1 h1 w1',
  feature_2: 'B d2 h2 w2',
  feature_3: 'B d3 h3 w3',
  logits: 'B C H W',
} as const;

export const cmnext: VerifiedNetwork = {
  name: 'CMNeXt',
  recognises: (config) => 'embed_dims' in config && 'decoder_dim' in config,
  run: (golden) => {
    const network = naming(
      golden.files.config,
      () => new Cmnext(cmnextFromDeliver(golden.config), 1),
    );
    try {
      naming(golden.files.model, () => {
        loadCmnextWeights(network, golden.model);
      });
      const made = naming(golden.files.case, () => {
        const { embedDims, classes } = network.config;
        const inputs = namesOf(network).map((_, index) => [`input_${index}`, 'B 3 H W'] as const);
        expectCase(
          golden.tensors,
          { ...Object.fromEntries(inputs), ...outputs },
          { ...Object.fromEntries(embedDims.map((d, stage) => [`d${stage}`, d])), C: classes },
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

function forward(network: Cmnext, tensors: NetworkCase['tensors']) {
  const given = namesOf(network).map((name, index) => {
    const { values, shape } = tensors.get(`input_${index}`)!;
    return [name, tf.transpose(tf.tensor(values, [...shape], 'float32'), [0, 2, 3, 1])] as const;
  });
  const inputs = Object.fromEntries(given);
  const { logits, features } = network.fuse(
    network.embed(inputs),
    undefined,
    network.gridOf(inputs),
  );
  const channelsFirst = (map: tf.Tensor) => tf.transpose(map, [0, 3, 1, 2]);
  return {
    ...Object.fromEntries(
      features.map((map, stage) => [`feature_${stage}`, channelsFirst(map)] as const),
    ),
    logits: channelsFirst(logits),
  };
}
