/**
 * The tiny TFN and LMF of test/fixtures/make_tfn_lmf_fixture.py: their golden folders, and what PyTorch computed beside
 * them.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { readSafetensors, type StoredTensor } from '../../src/files/safetensors.js';
import { loadLmfWeights, loadTfnWeights } from '../../src/models/fusionWeights.js';
import { Lmf, type LmfConfig } from '../../src/models/lmf.js';
import { Tfn, type TfnConfig } from '../../src/models/tfn.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from './close.js';
import { asExpected } from './compare.js';
import { fixtures, TorchFixture } from './fixtures.js';

const audioAndVision = {
  audio: { features: 2, width: 3, dropout: 0 },
  vision: { features: 4, width: 2, dropout: 0 },
};

export const tfnConfig: TfnConfig = {
  text: { features: 3, hidden: 4, width: 3, dropout: 0 },
  ...audioAndVision,
  fused: { width: 6, dropout: 0 },
  classes: 1,
};

export const lmfConfig: LmfConfig = {
  text: { features: 3, hidden: 4, width: 2, dropout: 0 },
  ...audioAndVision,
  rank: 3,
  classes: 2,
};

type Weights = ReadonlyMap<string, StoredTensor>;

export class FusionFixture<Network extends Tfn | Lmf> {
  readonly torch: TorchFixture;
  readonly folder: string;

  constructor(
    name: string,
    /** A new network of the fixture's sizes */
    readonly make: (seed: number) => Network,
    readonly load: (network: Network, tensors: Weights) => void,
  ) {
    this.torch = new TorchFixture(name);
    this.folder = path.join(fixtures, name);
  }

  weights(): Map<string, StoredTensor> {
    return this.tensorsOf('model');
  }

  case(): Map<string, StoredTensor> {
    return this.tensorsOf('case');
  }

  /** The network with the fixture's weights. */
  loaded(): Network {
    const network = this.make(1);
    this.load(network, this.weights());
    return network;
  }

  /** The batch of the fixture: four samples. */
  inputs() {
    const tensors = this.case();
    const tensor = (name: string) => {
      const { shape, values } = tensors.get(name)!;
      return tf.tensor(values, [...shape], 'float32');
    };
    return { text: tensor('text'), audio: tensor('audio'), vision: tensor('vision') };
  }

  /** Asserts that logits, loss and every gradient are PyTorch's, and so are running statistics after training. */
  async assertEqualsTorch(mode: 'evaluation' | 'training'): Promise<void> {
    const [network, expected] = [this.loaded(), this.make(1)];
    const [inputs, labels] = [this.inputs(), this.torch.tensor('labels')];
    if (mode === 'training') network.training = stream(1, 'dropout');
    const trained = network.parameters.names.filter((name) => this.isDifferentiated(network, name));
    let logits: tf.Tensor | undefined;
    const { value, grads } = tf.variableGrads(
      () => {
        logits = tf.keep(network.fuse(network.embed(inputs)).logits);
        return tf.losses.meanSquaredError(labels, logits).asScalar();
      },
      trained.map((name) => network.parameters.get(name)),
    );
    await assertClose('M', logits!, this.torch.stored(`${mode}.M`), 'network');
    await assertClose('loss', value, this.torch.stored(`${mode}.loss`), 'network');

    // PyTorch's gradients come into our layout as its weights do.
    const gradients = this.torch.under(`${mode}.gradient.`);
    this.load(expected, new Map([...this.weights(), ...gradients]));
    for (const name of trained) {
      const wanted = await asExpected(expected.parameters.get(name));
      await assertClose(name, grads[network.parameters.get(name).name]!, wanted, 'network', 0.01);
    }
    assert.equal(trained.length, gradients.size);

    const after =
      mode === 'training' ? this.torch.under('after.') : new Map<string, StoredTensor>();
    this.load(expected, new Map([...this.weights(), ...after]));
    for (const name of network.parameters.names) {
      const wanted = await asExpected(expected.parameters.get(name));
      await assertClose(name, network.parameters.get(name), wanted, 'network');
    }
    network.parameters.dispose();
    expected.parameters.dispose();
  }

  /** PyTorch differentiates what its optimiser passes over, too, but not constants and statistics. */
  private isDifferentiated(network: Network, name: string): boolean {
    return !network.isFixed(name) || name.startsWith('fusion.');
  }

  private tensorsOf(file: string) {
    return readSafetensors(path.join(this.folder, `${file}.safetensors`)).tensors;
  }
}

export const tfnFixture = new FusionFixture(
  'tfn',
  (seed) => new Tfn(tfnConfig, seed),
  loadTfnWeights,
);
export const lmfFixture = new FusionFixture(
  'lmf',
  (seed) => new Lmf(lmfConfig, seed),
  loadLmfWeights,
);
