import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { readSafetensors } from '../../src/files/safetensors.js';
import { convertTorchFile } from '../../src/files/torch.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { torchOrSkip } from '../support/torch.js';

/** What is converted into what, one after the other. */
const conversions = [
  ...['views.pt', 'types.bin', 'lightning.ckpt', 'old.pt', 'missing.pt', 'hostile.pt'],
  ...['hostile.bin', 'cut.pt', 'text.pt', 'blank.pt', 'nothing.pt', 'large.pt', 'complex.pt'],
].map((name) => [name, `${name}.safetensors`] as const);
/** Refused beside an output that an earlier conversion wrote */
const again = ['complex.pt', 'views.pt.safetensors'] as const;

/**
 * Saves, by PyTorch, every kind of file that is tried below, and runs the script on each in this one process:
 * to load PyTorch takes seconds.
 */
const program = `
import collections, contextlib, io, json, os, pickle, runpy, sys, torch
folder, script, conversions = sys.argv[1:]
os.chdir(folder)
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

with open('views.pt', 'rb') as file: whole = file.read()
for name, content in (('cut.pt', whole[:len(whole) // 2]), ('text.pt', b'not a file of PyTorch\\n'), ('blank.pt', b'')):
    with open(name, 'wb') as file: file.write(content)

def convert(file, output):
    sys.argv = [script, file, output]
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed): runpy.run_path(script, run_name='__main__')
        return printed.getvalue()
    except SystemExit as end:
        return end.code
print(json.dumps([convert(*each) for each in json.loads(conversions)]))
`;

describe('files of PyTorch', function () {
  this.timeout(180_000);
  let folder: string;
  let python: string;
  /** What the script said of each */
  let said: Map<string, string>;
  /** What it said of a file that is refused beside an output that is there */
  let saidAgain: string;
  const inFolder = (name: string) => path.join(folder, name);
  before(function () {
    folder = makeFolder();
    python = torchOrSkip(this);
    const script = path.join(projectRoot, 'src', 'files', 'torch_to_safetensors.py');
    const all = JSON.stringify([...conversions, again]);
    const parameters = ['-B', '-c', program, folder, script, all];
    const { status, stdout, stderr } = spawnSync(python, parameters, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const answers = JSON.parse(stdout) as string[];
    said = new Map(conversions.map(([name], place) => [name, answers[place]!]));
    saidAgain = answers.at(-1)!;
  });
  after(() => {
    removeFolder(folder);
  });
  const readConverted = (name: string) => {
    const { tensors } = readSafetensors(inFolder(`${name}.safetensors`));
    return Object.fromEntries(
      [...tensors].map(([key, { shape, values }]) => [
        key,
        [values.constructor.name, shape, [...values]],
      ]),
    );
  };
  const expectConverted = (name: string, expected: ReturnType<typeof readConverted>) => {
    assert.equal(said.get(name), `${Object.keys(expected).length}\n`);
    assert.deepEqual(readConverted(name), expected);
  };
  const w = [0, 1, 2, 3, 4, 5];
  const views = {
    w: ['Float32Array', [2, 3], w],
    transposed: ['Float32Array', [3, 2], [0, 3, 1, 4, 2, 5]],
    row: ['Float32Array', [3], [3, 4, 5]],
    everywhere: ['Float32Array', [2, 3], [0, 0, 0, 3, 3, 3]],
    same: ['Float32Array', [2, 3], w],
    parameter: ['Float32Array', [2, 3], [0, 2, 4, 6, 8, 10]],
    empty: ['Float32Array', [0, 4], []],
    scalar: ['Float32Array', [], [0.25]],
  };

  it('keep their values: views, shared memory, parameters, nothing, a scalar', () => {
    expectConverted('views.pt', views);
  });

  it('become numbers that are read here: float32, int32, bytes', () => {
    expectConverted('types.bin', {
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
    expectConverted('lightning.ckpt', { 'a.weight': ['Float32Array', [2, 3], w] });
    expectConverted('old.pt', { 'a.bias': ['Float32Array', [3], [0, 1, 2]] });
    expectConverted('missing.pt', { table: ['Float32Array', [3], [0, 2, 1]] });
  });

  it('are refused by name when they would run code, and do not run it', () => {
    for (const name of ['hostile.pt', 'hostile.bin']) {
      assert.match(
        said.get(name)!,
        new RegExp(
          `^${name} is refused: it asks for (posix|nt)\\.system, and weights need no such code$`,
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
    const refusals: Record<string, RegExp> = {
      'cut.pt': /^cut\.pt is not a whole file of PyTorch: PytorchStreamReader failed/,
      'text.pt': /^text\.pt is not a file of weights that PyTorch wrote$/,
      'blank.pt': /^blank\.pt is not a whole file of PyTorch: it ends too early$/,
      'nothing.pt': /^nothing\.pt holds no tensors$/,
      'large.pt': /^large\.pt: "count" has whole numbers that do not fit into 32 bits$/,
      'complex.pt': /^complex\.pt: "wave" has numbers of torch\.complex64, which cannot/,
    };
    for (const [name, message] of Object.entries(refusals)) {
      assert.match(said.get(name)!, message);
      assert.ok(!existsSync(inFolder(`${name}.safetensors`)));
    }
  });

  it('leave what stood there before, and nothing half-written', () => {
    assert.match(saidAgain, /^complex\.pt: "wave"/);
    assert.deepEqual(readConverted('views.pt'), views);
    // A folder in the place of the output: all is written, and cannot be put there.
    mkdirSync(inFolder('taken.safetensors'));
    assert.throws(
      () => convertTorchFile(inFolder('views.pt'), inFolder('taken.safetensors'), python),
      /^Error: cannot write .*taken\.safetensors/,
    );
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('partial')),
      [],
    );
  });

  it('are converted by a process of their own, whose last words are the error', () => {
    const convert = (name: string) =>
      convertTorchFile(inFolder(name), inFolder('own/out.safetensors'), python);
    assert.equal(convert('missing.pt'), 1);
    const { tensors } = readSafetensors(inFolder('own/out.safetensors'));
    assert.deepEqual([...tensors.get('table')!.values], [0, 2, 1]);
    assert.throws(() => convert('hostile.pt'), /^Error: .*hostile\.pt is refused: it asks for/);
    assert.throws(() => convert('absent.pt'), /^Error: .*absent\.pt is not there$/);
    assert.throws(
      () => convertTorchFile(inFolder('views.pt'), inFolder('out'), 'no-such-python'),
      /no-such-python/,
    );
  });
});
