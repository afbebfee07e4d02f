/**
 * What makes a training step fast on a GPU, counted: nothing is read in it, and after a few steps nothing is
 * made anew, since shapes do not change. It holds on a software adapter as on a GPU.
 */
import assert from 'node:assert/strict';
import { mmpLosses } from '../../../src/experiments/objectives.js';
import { Mmp } from '../../../src/mmp/mmp.js';
import { SmallVilt } from '../../../src/models/smallVilt.js';
import { tf } from '../../../src/tensor/tf.js';
import { AdamW } from '../../../src/training/adamw.js';
import { onlyOn } from '../../support/skip.js';

/** Calls of WebGPU during something, by name. */
function countCalls(during: () => void): Record<string, number> {
  const watched = {
    createBindGroup: GPUDevice.prototype,
    createComputePipeline: GPUDevice.prototype,
    createBuffer: GPUDevice.prototype,
    dispatchWorkgroups: GPUComputePassEncoder.prototype,
    mapAsync: GPUBuffer.prototype,
  };
  type Method = (...parameters: unknown[]) => unknown;
  const counts: Record<string, number> = { uploads: 0 };
  const restore = Object.entries(watched).map(([name, prototype]) => {
    const methods = prototype as unknown as Record<string, Method>;
    const original = methods[name]!;
    counts[name] = 0;
    methods[name] = function (this: unknown, ...parameters) {
      // What TF.js brings a number to the GPU in, such as the factor of `tf.mul(x, 2)`, it makes each time.
      const [described] = parameters as [{ usage?: number }?];
      const uploads = name === 'createBuffer' && (described!.usage! & GPUBufferUsage.MAP_WRITE) > 0;
      counts[uploads ? 'uploads' : name]!++;
      return original.apply(this, parameters);
    };
    return () => (methods[name] = original);
  });
  try {
    during();
  } finally {
    for (const each of restore) each();
  }
  return counts;
}

describe('a training step on webgpu', () => {
  before(function () {
    onlyOn(this, 'webgpu');
  });

  it('reads nothing and makes nothing anew', async () => {
    const base = new SmallVilt(
      {
        modalities: [
          { kind: 'picture', name: 'photo', size: 16, patch: 8 },
          { kind: 'words', name: 'words', length: 6, vocabulary: 20 },
        ],
        width: 16,
        heads: 2,
        layers: 1,
        mlpRatio: 2,
        classes: 5,
      },
      1,
    );
    const mmp = new Mmp({ modalities: base.modalities, width: 16, heads: 2 }, 1);
    const optimiser = new AdamW([{ parameters: base.parameters }, { parameters: mmp.parameters }]);
    const batch = {
      photo: tf.zeros([3, 16, 16, 3]),
      words: tf.tensor2d([1, 2, 3, 0, 0, 0, 4, 5, 0, 0, 0, 0, 6, 7, 8, 9, 0, 0], [3, 6], 'int32'),
    };
    const labels = tf.tensor1d([0, 3, 4], 'int32');
    const step = () => {
      tf.tidy(() => {
        const { grads } = tf.variableGrads(
          () => mmpLosses(base, mmp, batch, labels, ['photo'], 1).total.asScalar(),
          optimiser.variables,
        );
        optimiser.step(grads, 1e-3);
      });
    };
    // Which buffers are free at which moment settles in about five steps; a read submits what is left.
    for (let warm = 0; warm < 8; warm++) {
      step();
      await base.parameters.get(base.parameters.names[0]!).data();
    }
    const {
      mapAsync,
      uploads,
      createComputePipeline,
      createBuffer,
      createBindGroup,
      dispatchWorkgroups,
    } = countCalls(step);
    assert.equal(mapAsync, 0, 'reads');
    assert.equal(createComputePipeline, 0, 'pipelines');
    assert.equal(createBuffer, 0, 'buffers');
    assert.ok(uploads! <= 8, `${uploads} uploads`);
    // TF.js makes a bind group for each of its own calls; ours are there.
    assert.ok(dispatchWorkgroups! > 200, `${dispatchWorkgroups} dispatches`);
    assert.ok(createBindGroup! < 0.45 * dispatchWorkgroups!, `${createBindGroup} bind groups`);
    tf.dispose([batch, labels]);
    optimiser.dispose();
    base.parameters.dispose();
    mmp.parameters.dispose();
  });
});
