/** Where the test data lie, and how they become tensors. */
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { readSafetensors, type StoredTensor } from '../../src/files/safetensors.js';
import { tf } from '../../src/tensor/tf.js';

/** Files that travel with the repository. */
export const fixtures = path.join(projectRoot, 'test', 'fixtures');

/** Golden cases of the method, a copy of those that independent code made. */
export const goldenFolder = path.join(fixtures, 'golden', 'mmp');

/** Results of PyTorch, made by test/fixtures/make_torch_fixtures.py. */
export class TorchFixture {
  readonly tensors: Map<string, StoredTensor>;

  constructor(name: string) {
    this.tensors = readSafetensors(path.join(fixtures, 'torch', `${name}.safetensors`)).tensors;
  }

  stored(name: string): StoredTensor {
    const found = this.tensors.get(name);
    if (!found) throw new Error(`the fixture has no "${name}"`);
    return found;
  }

  /** A new tensor; the caller disposes of it. */
  tensor(name: string): tf.Tensor {
    const { shape, values } = this.stored(name);
    const type = values instanceof Int32Array ? 'int32' : 'float32';
    return tf.tensor(values, [...shape], type);
  }

  /** Everything under a prefix, by the rest of its name. */
  under(prefix: string): Map<string, StoredTensor> {
    const inside = [...this.tensors].filter(([name]) => name.startsWith(prefix));
    return new Map(inside.map(([name, stored]) => [name.slice(prefix.length), stored]));
  }
}
