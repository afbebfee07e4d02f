/** A thread that helps the one whose backend it is (team.ts); it waits for jobs until the process ends. */
import { workerData } from 'node:worker_threads';
import type { Exports, HelperData } from './team.js';

const { kernels, memory, control, scratch } = workerData as HelperData;
const instance = new WebAssembly.Instance(kernels, { env: { memory } });
(instance.exports as unknown as Exports).help(control, scratch);
