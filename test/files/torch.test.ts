import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors } from '../../src/files/safetensors.js';
import { convertTorchFile } from '../../src/files/torch.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { torchOrSkip } from '../support/torch.js';

/** Saves, by PyTorch, every kind of file that is tried below. */
const program = `
import collections, os, pickle, sys, torch
os.chdir(sys.argv[1])
w = torch.arange(6, dtype=torch.float32).reshape(2, 3)
torch.save({'w': w, 'transposed': w.T, 'row': w[1], 'everywhere': w[:, :1].expand(2, 3), 'same': w,
    'parameter': torch.nn.Parameter(w * 2), 'empty': torch.empty(0, 4), 'scalar': torch.tensor(0.25)}, 'views.pt')
torch.save(collections.OrderedDict(
    half=torch.tensor([1.5, -65504.0], dtype=torch.float16), brain=torch.tensor([3.140625], dtype=torch.bfloat16),
    double=torch.tensor([0.1], dtype=torch.float64), long=torch.tensor([-7, 2**31 - 1]),
    short=torch.tensor([-300], dtype=torch.int16), byte=torch.tensor([200], dtype=torch.uint8),
    flag=torch.tensor([True, False])), 'types.bin')
torch.save({'epoch': 3, 'state_dict': {'a.weight': w, 'a.version': 2}, 'optimizer': {'b': w}}, 'lightning.ckpt')
torch.save({'model': {'a.bias': w[0]}, 'args': ['x']}, 'old.pt', _use_new_zipfile_serialization=False)
torch.save(torch.tensor([0.0, 2.0, 1.0]), 'missing.pt')
torch.save({'epoch': 3, 'name': 'x'}, 'nothing.pt')
torch.save({'count': torch.tensor([1, 2**40])}, 'large.pt')
torch.save({'wave': torch.tensor([1j])}, 'complex.pt')

class Hostile:
    def __reduce__(self):
        return os.system, ('echo > ' + os.path.abspath('harmed'),)
torch.save({'w': w, 'extra': Hostile()}, 'hostile.pt')
with open('hostile.bin', 'wb') as file: pickle.dump(Hostile(), file, protocol=2)
`;

describe('files of PyTorch', function () {
  // Every conversion starts Python anew, which loads PyTorch for seconds.
  this.timeout(180_000);
  let folder: string;
  let python: string;
  const inFolder = (name: string) => path.join(folder, name);
  const output = () => inFolder('out.safetensors');
  before(function () {
    folder = makeFolder();
    python = torchOrSkip(this);
    const { status, stderr } = spawnSync(python, ['-c', program, folder], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
  after(() => {
    removeFolder(folder);
  });
  const convert = (name: string) => {
    const count = convertTorchFile(inFolder(name), output(), python);
    const { tensors } = readSafetensors(output());
    assert.equal(tensors.size, count);
    return Object.fromEntries(
      [...tensors].map(([key, { shape, values }]) => [
        key,
        [values.constructor.name, shape, [...values]],
      ]),
    );
  };
  const w = [0, 1, 2, 3, 4, 5];

  it('keep their values: views, shared memory, parameters, nothing, a scalar', () => {
    assert.deepEqual(convert('views.pt'), {
      w: ['Float32Array', [2, 3], w],
      transposed: ['Float32Array', [3, 2], [0, 3, 1, 4, 2, 5]],
      row: ['Float32Array', [3], [3, 4, 5]],
      everywhere: ['Float32Array', [2, 3], [0, 0, 0, 3, 3, 3]],
      same: ['Float32Array', [2, 3], w],
      parameter: ['Float32Array', [2, 3], [0, 2, 4, 6, 8, 10]],
      empty: ['Float32Array', [0, 4], []],
      scalar: ['Float32Array', [], [0.25]],
    });
  });

  it('become numbers that are read here: float32, int32, bytes', () => {
    assert.deepEqual(convert('types.bin'), {
      half: ['Float32Array', [2], [1.5, -65504]],
      brain: ['Float32Array', [1], [3.140625]],
      double: ['Float32Array', [1], [Math.fround(0.1)]],
      long: ['Int32Array', [2], [-7, 2 ** 31 - 1]],
      short: ['Int32Array', [1], [-300]],
      byte: ['Uint8Array', [1], [200]],
      flag: ['Uint8Array', [2], [1, 0]],
    });
  });

  it('may have the weights inside, be of the old format, or be a table', () => {
    assert.deepEqual(convert('lightning.ckpt'), { 'a.weight': ['Float32Array', [2, 3], w] });
    assert.deepEqual(convert('old.pt'), { 'a.bias': ['Float32Array', [3], [0, 1, 2]] });
    assert.deepEqual(convert('missing.pt'), { table: ['Float32Array', [3], [0, 2, 1]] });
  });

  it('are refused by name when they would run code, and do not run it', () => {
    for (const name of ['hostile.pt', 'hostile.bin']) {
      assert.throws(
        () => convertTorchFile(inFolder(name), output(), python),
        new RegExp(
          `${name} is refused: it asks for (posix|nt)\\.system, and weights need no such code`,
        ),
      );
    }
    assert.ok(!existsSync(inFolder('harmed')));
    // The file is a weapon indeed: whoever unpickles it runs its code.
    const unpickle = 'import pickle, sys; pickle.load(open(sys.argv[1], "rb"))';
    spawnSync(python, ['-c', unpickle, inFolder('hostile.bin')]);
    assert.ok(existsSync(inFolder('harmed')));
  });

  it('are refused by name when they are damaged, something else, or without tensors', () => {
    const whole = readFileSync(inFolder('views.pt'));
    writeFileSync(inFolder('cut.pt'), whole.subarray(0, whole.length / 2));
    writeFileSync(inFolder('text.pt'), 'not a file of PyTorch\n');
    writeFileSync(inFolder('blank.pt'), '');
    const refusals: Record<string, RegExp> = {
      'cut.pt': /cut\.pt is not a whole file of PyTorch: PytorchStreamReader failed/,
      'text.pt': /text\.pt is not a file of weights that PyTorch wrote/,
      'blank.pt': /blank\.pt is not a whole file of PyTorch: it ends too early/,
      'nothing.pt': /nothing\.pt holds no tensors/,
      'large.pt': /large\.pt: "count" has whole numbers that do not fit into 32 bits/,
      'complex.pt': /complex\.pt: "wave" has numbers of torch\.complex64, which cannot/,
      'absent.pt': /absent\.pt is not there/,
    };
    for (const [name, message] of Object.entries(refusals)) {
      assert.throws(() => convertTorchFile(inFolder(name), output(), python), message);
    }
  });

  it('leave what stood there before, and nothing half-written', () => {
    const before = convert('views.pt');
    assert.throws(() => convert('complex.pt'));
    assert.deepEqual(Object.keys(before), [...readSafetensors(output()).tensors.keys()]);
    // A folder in the place of the output: all is written, and cannot be put there.
    mkdirSync(inFolder('taken.safetensors'));
    assert.throws(
      () => convertTorchFile(inFolder('views.pt'), inFolder('taken.safetensors'), python),
      /cannot write .*taken\.safetensors/,
    );
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('partial')),
      [],
    );
  });
});
