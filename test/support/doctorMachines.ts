/** Whole machines for the doctor: with everything but a GPU, and what each road to a GPU adds. */
import { readFileSync } from 'node:fs';
import { labPackages } from '../../src/notebook/lab.js';
import { addonFile, nativeFolder } from '../../src/tensor/native.js';
import { computation, inProject, replying, type Machine } from './doctor.js';

const lock = { packages: { 'node_modules/a': { version: '1.0.0' } } };
const python = inProject('.venv', 'bin', 'python');
const main = inProject('dist', 'src', 'notebook', 'kernel', 'main.js');
const kernel = { argv: ['/usr/bin/node', main] };
const unavailable = replying({ reason: 'not on this machine', remedy: 'buy one' });

/** Everything but GPUs and native TensorFlow. */
export const plain = {
  files: {
    '/usr/bin/node': '',
    [main]: '',
    [python]: '',
    [inProject('package.json')]: readFileSync(inProject('package.json'), 'utf8'),
    [inProject('package-lock.json')]: JSON.stringify(lock),
    [inProject('node_modules', 'a', 'package.json')]: '{"version": "1.0.0"}',
    [inProject('.venv/share/jupyter/kernels/mmp/kernel.json')]: JSON.stringify(kernel),
    [inProject('.venv/share/jupyter/labextensions/jupyterlab-plotly/package.json')]: '{}',
  },
  commands: {
    [python]: {
      stdout: JSON.stringify(Object.fromEntries(labPackages.map((one) => one.split('==')))),
    },
    'main.js figure': replying({ width: 480, height: 320, covered: 0.3, milliseconds: 10 }),
    'main.js emoji': replying({
      catalogue: { counts: { emoji: 1865 } },
      pictures: { counts: { openmoji: 1865 } },
    }),
    'main.js choice': replying({ chosen: 'wasm', refused: [] }),
    'backend cuda': unavailable,
    'backend tensorflow': unavailable,
    'backend webgpu': unavailable,
    'backend wasm': replying(computation),
    'backend cpu': replying(computation),
  },
} satisfies Machine;

const onGpu = replying({ ...computation, gpu: true });
export const vulkan = {
  files: {
    '/dev/dri/renderD128': '',
    '/usr/share/vulkan/icd.d/radeon.json': '{"ICD": {"library_path": "libradeon.so"}}',
  },
  commands: {
    'ldconfig -p': {
      stdout:
        '\tlibvulkan.so.1 (x86-64) => /lib/libvulkan.so.1\n\tlibradeon.so (x86-64) => /lib/r.so',
    },
    'backend webgpu': onGpu,
    'main.js choice': replying({ chosen: 'webgpu', refused: [] }),
  },
};
export const cuda = {
  files: {
    '/dev/nvidia0': '',
    [`${nativeFolder}/${addonFile}`]: '',
    [`${nativeFolder}/deps/lib/libtensorflow.so`]: '',
    '/n/libcudart.so.12': '',
    '/n/libcublas.so.12': '',
    '/n/libcudnn.so.9': '',
  },
  commands: {
    'nvidia-smi': { stdout: 'NVIDIA H100, 550.54.15, 81559 MiB\n' },
    'backend cuda': onGpu,
    'backend tensorflow': onGpu,
    'main.js choice': replying({ chosen: 'cuda', refused: [] }),
  },
  nativeBuild: () => ({ package: 'addon 1', wheel: 'wheel 2', cudaFolders: ['/n'] }),
};

/** A machine with all that these have; of the same command, what the last says. */
export const together = (...parts: Machine[]): Machine =>
  Object.assign({}, ...parts, {
    files: Object.assign({}, ...parts.map(({ files }) => files)) as Record<string, string>,
    commands: Object.assign({}, ...parts.map(({ commands }) => commands)) as Record<string, object>,
  }) as Machine;
