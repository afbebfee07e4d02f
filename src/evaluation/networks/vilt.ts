/**
 * ViLT against Hugging Face's library. That library puts the patches of the largest pictures of a batch in a
 * random order and pads smaller ones with patches that nothing attends to: texts and class tokens are compared
 * as they are, real patches as a set, for each picture by itself.
 */
import type { StoredTensor } from '../../files/safetensors.js';
import type { ViltConfig } from '../../models/vilt/config.js';
import { viltFromHuggingFace } from '../../models/vilt/huggingFaceConfig.js';
import { Vilt } from '../../models/vilt/vilt.js';
import { loadViltWeights } from '../../models/vilt/weights.js';
import { tf } from '../../tensor/tf.js';
import { naming } from '../golden.js';
import { expectCase } from './caseTensors.js';
import type { NetworkCase } from './folder.js';
import { nearestRows } from './nearest.js';
import type { Outputs, VerifiedNetwork } from './network.js';

/** Every tensor of a case with its shape: S tokens, as many as the largest picture needs */
const shapes = {
  input_ids: 'B T',
  attention_mask: 'B T',
  pixel_values: 'B 3 H W',
  pixel_mask: 'B H W',
  embedding_output: 'B S d',
  last_hidden_state: 'B S d',
  pooler_output: 'B d',
} as const;
type CaseTensors = Readonly<Record<keyof typeof shapes, StoredTensor>>;

export const vilt: VerifiedNetwork = {
  name: 'ViLT',
  recognises: ({ model_type: type }) => type === 'vilt',
  run: async ({ files, config, model, tensors }) => {
    // Nothing that is compared depends on the head.
    const network = naming(files.config, () => new Vilt(viltFromHuggingFace(config, 1), 1));
    try {
      naming(files.model, () => loadViltWeights(network, model));
      const { stored, parts } = naming(files.case, () => checked(tensors, network.config));
      const computed = naming(files.case, () => tf.tidy(() => forward(network, stored)));
      return await outputs(computed, stored, parts);
    } finally {
      network.parameters.dispose();
    }
  },
};

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Rows of sequences [B·S, d] by sample: of all words, of the class token, of real patches */
type Parts = Readonly<Record<'text' | 'class' | 'patches', number[][]>>;

/** @param patches the real ones of each picture, by their places after the class token */
function partsOf(words: number, length: number, patches: readonly number[][]): Parts {
  const rows = (places: (picture: number[]) => number[]) =>
    patches.map((picture, sample) => places(picture).map((place) => sample * length + place));
  return {
    text: rows(() => range(words)),
    class: rows(() => [words]),
    patches: rows((picture) => picture.map((place) => words + 1 + place)),
  };
}

/** The case with its names and shapes checked, and where the parts of its sequences and of ours lie. */
function checked(tensors: NetworkCase['tensors'], { width, patch }: ViltConfig) {
  const stored = Object.fromEntries(tensors) as CaseTensors;
  const { T, H, W, S } = expectCase(tensors, shapes, { d: width }) as Record<
    'T' | 'H' | 'W' | 'S',
    number
  >;
  const [down, across] = [Math.floor(H / patch), Math.floor(W / patch)];
  const real = realPatches(stored.pixel_mask, patch);
  const longest = Math.max(...real.map(({ length }) => length));
  if (S !== T + 1 + longest) {
    throw new Error(`${S} tokens, expected ${T} words, a class token and ${longest} patches`);
  }
  const first = real.map(({ length }) => range(length));
  return {
    stored,
    parts: { ours: partsOf(T, T + 1 + down * across, real), theirs: partsOf(T, S, first) },
  };
}

/** Of each picture the patches whose first pixel is real, in raster order. */
function realPatches({ shape, values }: StoredTensor, patch: number): number[][] {
  const [pictures, height, width] = shape as [number, number, number];
  const across = Math.floor(width / patch);
  const places = range(Math.floor(height / patch) * across);
  return range(pictures).map((picture) =>
    places.filter((place) => {
      const [row, column] = [Math.floor(place / across) * patch, (place % across) * patch];
      return values[(picture * height + row) * width + column] !== 0;
    }),
  );
}

/** What was computed and what is stored, part by part; the patches that are stored in the order of ours. */
async function outputs(
  { pooled, ...sequences }: ReturnType<typeof forward>,
  stored: CaseTensors,
  { ours, theirs }: Readonly<Record<'ours' | 'theirs', Parts>>,
): Promise<Outputs> {
  const made: Record<string, tf.Tensor> = {};
  const expected = new Map<string, StoredTensor>();
  for (const [name, sequence] of Object.entries(sequences)) {
    const wanted = stored[name as keyof typeof sequences];
    const values = await sequence.data();
    const width = sequence.shape[1]!;
    const patches = ours.patches.map((rows, sample) =>
      nearestRows(values, rows, wanted.values, theirs.patches[sample]!, width),
    );
    for (const [part, from] of Object.entries({ ...theirs, patches })) {
      const rows = ours[part as keyof Parts].flat();
      made[`${name}.${part}`] = tf.tidy(() => tf.gather(sequence, rows));
      expected.set(`${name}.${part}`, chosenRows(wanted, from.flat(), width));
    }
    sequence.dispose();
  }
  made.pooler_output = pooled;
  expected.set('pooler_output', stored.pooler_output);
  return { made, expected };
}

/** Some rows of a tensor that is [B·S, d] but for its shape. */
function chosenRows({ values }: StoredTensor, rows: number[], width: number): StoredTensor {
  const chosen = new Float32Array(rows.length * width);
  rows.forEach((row, index) => {
    chosen.set(values.subarray(row * width, (row + 1) * width), index * width);
  });
  return { shape: [rows.length, width], values: chosen };
}

/** The tokens before and after the blocks [B·S, d], and the pooled one [B, d]. */
function forward(network: Vilt, stored: CaseTensors) {
  const tensor = ({ shape, values }: StoredTensor, type?: 'int32') =>
    tf.tensor(values, [...shape], type);
  const inputs = {
    text: tensor(stored.input_ids, 'int32'),
    textMask: tensor(stored.attention_mask, 'int32'),
    image: tf.transpose(tensor(stored.pixel_values), [0, 2, 3, 1]),
    imageMask: tensor(stored.pixel_mask, 'int32'),
  };
  const tokens = network.embed(inputs);
  const { tokens: last, pooled } = network.encode(tokens, network.tokenMasks(inputs));
  const rows = (sequence: tf.Tensor) => tf.reshape(sequence, [-1, network.config.width]);
  return {
    embedding_output: rows(tf.concat([tokens.text!, tokens.image!], 1)),
    last_hidden_state: rows(last),
    pooled,
  };
}
