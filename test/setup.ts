/** Runs before every test file: one backend for the whole suite, MMP_BACKEND or the default. */
import { useBackend } from '../src/tensor/backend.js';

export const mochaHooks = {
  async beforeAll(): Promise<void> {
    const { name, device } = await useBackend(process.env.MMP_BACKEND ?? 'wasm');
    console.log(`  backend: ${name} (${device})`);
  },
};
