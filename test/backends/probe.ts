/** A process that says on one line of JSON what a backend runs on, or why it cannot run here. */
import { BackendUnavailable, useBackend } from '../../src/tensor/backend.js';

void useBackend(process.argv[2]).then(
  ({ device }) => {
    console.log(JSON.stringify({ device }));
  },
  (error: unknown) => {
    if (!(error instanceof BackendUnavailable)) throw error;
    console.log(JSON.stringify({ absent: error.message }));
  },
);
