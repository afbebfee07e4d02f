/** Weights of TFN and LMF as MMSA has them. */
import assert from 'node:assert/strict';
import type { StoredTensor } from '../../src/files/safetensors.js';
import { mmsaLmfWeights, mmsaTfnWeights } from '../../src/models/fusionWeights.js';
import type { Lmf } from '../../src/models/lmf.js';
import type { Tfn } from '../../src/models/tfn.js';
import { lmfFixture, tfnFixture, type FusionFixture } from '../support/fusion.js';

const zeros = (...shape: number[]): StoredTensor => ({
  shape,
  values: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

function describeWeights<Network extends Tfn | Lmf>(
  title: string,
  fixture: FusionFixture<Network>,
  write: (network: Network) => Promise<Map<string, StoredTensor>>,
  refused: readonly [string, (tensors: Map<string, StoredTensor>) => void, RegExp][],
): void {
  describe(`weights of ${title}`, () => {
    it('are written as MMSA has them, but for its counts of batches', async () => {
      const network = fixture.loaded();
      const written = await write(network);
      const expected = [...fixture.weights()].filter(([name]) => !name.endsWith('_tracked'));
      assert.equal(fixture.weights().size, expected.length + 2);
      assert.deepEqual([...written.keys()].sort(), expected.map(([name]) => name).sort());
      for (const [name, tensor] of expected) assert.deepEqual(written.get(name), tensor, name);
      network.parameters.dispose();
    });

    it('are read from what is around the network, too', async () => {
      const [network, other] = [fixture.loaded(), fixture.make(2)];
      const around = [...fixture.weights()].map(([name, each]) => [`Model.${name}`, each] as const);
      fixture.load(other, new Map(around));
      assert.deepEqual(await other.parameters.read(), await network.parameters.read());
      network.parameters.dispose();
      other.parameters.dispose();
    });

    for (const [what, change, message] of refused) {
      it(`refuse ${what}, and change nothing`, async () => {
        const network = fixture.make(2);
        const before = await network.parameters.read();
        const tensors = fixture.weights();
        change(tensors);
        assert.throws(() => {
          fixture.load(network, tensors);
        }, message);
        assert.deepEqual(await network.parameters.read(), before);
        network.parameters.dispose();
      });
    }
  });
}

describeWeights('Tfn', tfnFixture, mmsaTfnWeights, [
  [
    'what is not all',
    (tensors) => tensors.delete('output_range'),
    /loadTfnWeights: missing output_range; unknown none$/,
  ],
  [
    'an LSTM of another width',
    (tensors) => tensors.set('text_subnet.rnn.weight_ih_l0', zeros(16, 4)),
    /loadTfnWeights: "text_subnet\.rnn\.weight_ih_l0" must be \[16, 3\], got \[16, 4\]/,
  ],
  [
    'what is not finite',
    (tensors) => (tensors.get('audio_subnet.norm.running_var')!.values[1] = NaN),
    /"embed\.audio\.norm\.runningVariance" holds NaN at index 1/,
  ],
]);

describeWeights('Lmf', lmfFixture, mmsaLmfWeights, [
  [
    'unknown tensors',
    (tensors) => tensors.set('post_fusion_layer_1.weight', zeros(2, 2)),
    /loadLmfWeights: missing none; unknown post_fusion_layer_1\.weight$/,
  ],
  [
    'factors of another rank',
    (tensors) => tensors.set('video_factor', zeros(4, 3, 2)),
    /loadLmfWeights: "video_factor" must be \[3, 3, 2\], got \[4, 3, 2\]/,
  ],
]);
