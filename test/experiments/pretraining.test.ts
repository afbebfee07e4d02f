/** ViLT's pretraining: its losses by hand, what it asks, and what it is measured by. */
import assert from 'node:assert/strict';
import { loadEmojiPairs } from '../../src/data/emoji/emojiPairs.js';
import { notAsked } from '../../src/data/text/maskedWords.js';
import {
  matchingAccuracy,
  pretrainingBatch,
  ViltPretraining,
  type PretrainingBatch,
} from '../../src/experiments/pretraining.js';
import type { Inputs } from '../../src/models/base.js';
import { Vilt } from '../../src/models/vilt/vilt.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { differentiate } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';

const pairs = loadEmojiPairs();
const { train } = pairs.splits;
const network = { width: 16, heads: 2, layers: 1, mlpRatio: 2, patch: 16, classes: 3 };
const made = () => new ViltPretraining(new Vilt({ ...pairs.sizes, ...network }, 1), 1);

const drawsOf = (seed: number) => ({
  words: stream(seed, 'words'),
  masking: stream(seed, 'masking'),
});
const batchOf = (samples: readonly number[], draws = drawsOf(1)) =>
  pretrainingBatch(pairs, samples, draws);

/** The two losses one text at a time, and of each only the words that are asked for. */
async function lossesByHand(
  { base, parameters }: ViltPretraining,
  { inputs, masked, pictures }: PretrainingBatch,
) {
  const row = (x: tf.Tensor, place: number) => tf.slice(x, [place], [1]);
  const encode = (text: tf.Tensor, place: number, picture: number) => {
    const textMask = row(inputs.textMask!, place);
    const shown = { text: row(text, place), textMask, image: row(inputs.image!, picture) };
    return base.encode(base.embed(shown), base.tokenMasks(shown));
  };
  const map = (name: string, x: tf.Tensor) =>
    tf.add(tf.dot(x, parameters.get(`${name}.weight`)), parameters.get(`${name}.bias`));
  const loss = (logits: tf.Tensor, label: number) =>
    tf.neg(tf.gather(tf.squeeze(tf.logSoftmax(logits)), label));
  const wordLoss = (token: tf.Tensor, word: number) => {
    const hidden = map('words.hidden', token);
    const active = tf.mul(hidden, tf.mul(0.5, tf.add(1, tf.erf(tf.div(hidden, Math.sqrt(2))))));
    const { mean, variance } = tf.moments(active);
    const normed = tf.div(tf.sub(active, mean), tf.sqrt(tf.add(variance, 1e-5)));
    const [weight, bias] = [parameters.get('words.norm.weight'), parameters.get('words.norm.bias')];
    return loss(map('words.output', tf.add(tf.mul(normed, weight), bias)), word);
  };
  const targets = (await masked.targets.array()) as number[][];
  const words = targets.flatMap((wanted, place) => {
    const { tokens } = encode(masked.ids, place, place);
    return wanted.flatMap((word, at) => {
      const token = tf.reshape(tf.slice(tokens, [0, at, 0], [1, 1, -1]), [1, -1]);
      return word === notAsked ? [] : [wordLoss(token, word)];
    });
  });
  const matching = pictures.map((picture, place) => {
    const { pooled } = encode(inputs.text!, place, picture);
    return loss(map('matching', pooled), picture === place ? 1 : 0);
  });
  const means = await Promise.all(
    [words, matching].map((losses) => tf.mean(tf.stack(losses)).data()),
  );
  return { words: means[0]![0]!, matching: means[1]![0]! };
}

describe("ViLT's pretraining", () => {
  it('has the losses of a computation by hand, and their sum', async () => {
    const heads = made();
    // Biases and the weights of the norm start where an error in them would not show.
    const state = await heads.parameters.read();
    const random = stream(1, 'start');
    for (const { values } of state.values())
      values.forEach((x, at) => (values[at] = x + random.uniform()));
    heads.parameters.load(state);
    const batch = batchOf(train.slice(0, 9));
    assert.ok(batch.pictures.some((picture, place) => picture === place));
    const found = heads.losses(batch);
    const { words, matching } = await lossesByHand(heads, batch);
    const expected = { words, matching, total: words + matching };
    for (const name of ['words', 'matching', 'total'] as const) {
      const values = Float32Array.of(expected[name]);
      await assertClose(name, found[name], { shape: [], values }, 'network');
    }
  });

  it('reaches both heads and all of the network but what classifies', async () => {
    const heads = made();
    const parts = { base: heads.base.parameters, heads: heads.parameters };
    const named = Object.entries(parts).flatMap(([part, parameters]) =>
      parameters.names.map((name) => [`${part}/${name}`, parameters.get(name)] as const),
    );
    const { gradients } = differentiate(
      () => heads.losses(batchOf(train.slice(0, 9))),
      named.map(([, variable]) => variable),
    );
    for (const [name, variable] of named) {
      const gradient = gradients[variable.name];
      assert.equal(gradient === undefined, name.startsWith('base/head.'), name);
      // That of the keys' bias is zero but for rounding: softmax does not see what all keys share.
      if (!gradient || name.endsWith('.key.bias')) continue;
      assert.ok((await tf.max(tf.abs(gradient)).data())[0]! > 1e-9, name);
    }
  });

  it('keeps no tensor', async () => {
    const heads = made();
    await assertSteady(async () => {
      const batch = batchOf([1, 2, 3]);
      const losses = tf.tidy(() => heads.losses(batch));
      tf.dispose([losses, batch.inputs, batch.masked.ids, batch.masked.targets]);
      await matchingAccuracy(heads, pairs, [1, 2, 3]);
    });
  });
});

describe('a batch for pretraining', () => {
  it('asks for words where the text has them, and shows the others as they are', async () => {
    const { inputs, masked } = batchOf(train.slice(0, 200));
    const [text, seen, targets] = await Promise.all(
      [inputs.text!, masked.ids, masked.targets].map((x) => x.data()),
    );
    const places = [...text!.keys()];
    const asked = places.filter((place) => targets![place] !== notAsked);
    const words = places.filter((place) => pairs.wordPiece.isWord(text![place]!));
    assert.ok(asked.every((place) => targets![place] === text![place]));
    const changed = places.filter((place) => seen![place] !== text![place]);
    assert.ok(changed.every((place) => asked.includes(place)));
    const share = asked.length / words.length;
    assert.ok(Math.abs(share - 0.15) < 0.03, `asked for ${share}`);
  });

  it('shows half of the texts with a picture of another sample, any of them', () => {
    const draws = drawsOf(1);
    const counts = new Map<number, number>();
    const [size, batches] = [5, 1000];
    for (let batch = 0; batch < batches; batch++) {
      tf.tidy(() => {
        batchOf([8, 6, 4, 2, 0], draws).pictures.forEach((picture, place) => {
          assert.ok(Number.isInteger(picture) && picture >= 0 && picture < size);
          const distance = (picture - place + size) % size;
          counts.set(distance, (counts.get(distance) ?? 0) + 1);
        });
        return [];
      });
    }
    for (let distance = 0; distance < size; distance++) {
      const share = counts.get(distance)! / (size * batches);
      const expected = distance === 0 ? 1 / 2 : 1 / 8;
      // Four standard deviations of the rarer ones.
      assert.ok(Math.abs(share - expected) < 0.03, `distance ${distance}: ${share}`);
    }
  });

  it('of two exchanges their pictures', () => {
    const draws = drawsOf(1);
    const drawn = Array.from({ length: 30 }, () => batchOf([3, 7], draws).pictures.join());
    assert.deepEqual([...new Set(drawn)].sort(), ['0,0', '0,1', '1,0', '1,1']);
  });
});

describe('the accuracy of matching', () => {
  /** Samples whose text and picture say nothing but which sample it is. */
  const numbers = {
    inputs: (samples: readonly number[]) => ({
      text: tf.tensor1d([...samples]),
      textMask: tf.tensor1d([...samples]),
      image: tf.tensor1d([...samples]),
    }),
  };
  const answering = (logitOf: (inputs: Inputs) => tf.Tensor) => ({
    matchingLogits: (inputs: Inputs) => {
      const yes = logitOf(inputs);
      return tf.stack([tf.zerosLike(yes), yes], 1);
    },
  });
  const oracle = answering(({ text, image }) => tf.sub(0.5, tf.abs(tf.sub(text!, image!))));
  const counts = [2, 3, 64, 65, 130];
  const samplesOf = (count: number) => Array.from({ length: count }, (_, place) => 3 * place);

  for (const count of counts) {
    it(`of ${count} samples is one of an oracle, and zero of its contrary`, async () => {
      assert.equal(await matchingAccuracy(oracle, numbers, samplesOf(count)), 1);
      const liar = answering(({ text, image }) => tf.sub(tf.abs(tf.sub(text!, image!)), 0.5));
      assert.equal(await matchingAccuracy(liar, numbers, samplesOf(count)), 0);
    });
  }

  it('counts texts that are told rightly one by one', async () => {
    // Right about the pictures of samples below 30, and otherwise always yes.
    const half = answering(({ text, image }) =>
      tf.where(
        tf.less(image!, 30),
        tf.sub(0.5, tf.abs(tf.sub(text!, image!))),
        tf.onesLike(image!),
      ),
    );
    // All 100 own pictures, and 10 of those of others.
    assert.equal(await matchingAccuracy(half, numbers, samplesOf(100)), 110 / 200);
  });

  it('is one half of heads that always say yes', async () => {
    const heads = made();
    const state = await heads.parameters.read();
    state.get('matching.weight')!.values.fill(0);
    state.get('matching.bias')!.values.set([0, 1]);
    heads.parameters.load(state);
    const { validation } = pairs.splits;
    assert.equal(await matchingAccuracy(heads, pairs, validation.slice(0, 65)), 0.5);
  });
});
