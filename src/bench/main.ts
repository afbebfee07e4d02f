#!/usr/bin/env node
/** The command line of a bundle, and of the steps of `mmp bench-gpu`. */
import { Command } from 'commander';
import { measuringCommands } from './commands.js';

const program = new Command('mmp').description('Masked Modality Projection: what measures it');
for (const command of measuringCommands()) program.addCommand(command);

program.parseAsync().catch((error: unknown) => {
  console.error(`mmp: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
