/** `npm run test:backends`: one suite of tests, on every backend. */
import { Command, Option } from 'commander';
import { backendNames, backendRequests, type BackendRequest } from '../../src/tensor/backend.js';
import { requiredBackends } from './required.js';
import { runOn } from './run.js';
import { summarise, summaryText } from './table.js';

const program = new Command('test:backends')
  .description('run the tests that compute on every backend, each in a process of its own')
  .addOption(new Option('--only <name...>', 'only these backends').choices(backendRequests))
  .addHelpText(
    'after',
    '\nA backend that cannot run here is named and passed over; REQUIRE_BACKENDS=wasm,webgpu makes it a failure.',
  )
  .action(({ only }: { only?: BackendRequest[] }) => {
    const required = requiredBackends(process.env.REQUIRE_BACKENDS);
    const leftOut = only ? required.filter((name) => !only.includes(name)) : [];
    if (leftOut.length > 0) {
      throw new Error(`REQUIRE_BACKENDS asks for ${leftOut.join(', ')}, and --only leaves it out`);
    }
    const all = [...new Set([...backendNames, ...required])];
    const results = (only ?? all).map(runOn);
    console.log(`\n${summaryText(results, required)}`);
    if (summarise(results, required).failed > 0) process.exitCode = 1;
  });

try {
  program.parse();
} catch (error) {
  console.error(`test:backends: ${(error as Error).message}`);
  process.exitCode = 1;
}
