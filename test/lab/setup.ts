/** Runs around the tests of this folder: one JupyterLab for all of them. */
import { Lab } from './lab.js';

export let lab: Lab;

export const mochaHooks = {
  async beforeAll(): Promise<void> {
    lab = new Lab();
    await lab.start();
  },
  async afterEach(this: Mocha.Context): Promise<void> {
    if (this.currentTest?.state === 'failed') await lab.explain();
    await lab.closeNotebooks();
  },
  async afterAll(): Promise<void> {
    await lab.stop();
  },
};
