#!/usr/bin/env node
/** The command line: what `npm start`, `npm run lab`, `npm run verify` and the set-up call. */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { SingleBar, Presets } from 'cli-progress';
import { measuringCommands, positive } from './bench/commands.js';
import { defaultCache, makePictures, readPictures } from './data/emoji/pictures.js';
import { examine } from './doctor/doctor.js';
import { machineProbe } from './doctor/probe.js';
import { reportText } from './doctor/table.js';
import { setUpNative, wheels } from './native/build.js';
import { restartWith } from './native/restart.js';
import { openLab, prepareLab } from './notebook/lab.js';
import { terminalReport } from './notebook/terminal.js';
import { writePictures } from './site/pictures.js';
import { defaultOutput, runWorkbook } from './notebook/workbook.js';
import { useBackend } from './tensor/backend.js';

interface WorkbookCommand {
  readonly only?: string[];
  readonly output?: string;
  readonly backend?: string;
  readonly cellSeconds?: number;
}

const program = new Command('mmp').description('Masked Modality Projection: the workbook');

program
  .command('data')
  .description('rasterise the emoji pictures, unless a whole and current cache is there')
  .action(() => {
    if (existsSync(defaultCache)) {
      try {
        readPictures();
        return;
      } catch (error) {
        console.log(`${(error as Error).message}: that is done now`);
      }
    }
    const format = 'rasterising emoji {bar} {value}/{total}';
    const bar = new SingleBar(
      { format, noTTYOutput: true, notTTYSchedule: 1000 },
      Presets.shades_classic,
    );
    makePictures((done, total) => {
      if (done === 1) bar.start(total, done);
      else bar.update(done);
    });
    bar.stop();
  });

program
  .command('workbook')
  .description('execute the notebooks headless and write executed notebooks and a site')
  .option('--only <start...>', 'only notebooks whose names start so, such as 03')
  .option('--output <folder>', 'where the result goes')
  .option('--backend <name>', 'the backend of every notebook, as MMP_BACKEND')
  .option('--cell-seconds <number>', 'the longest that one cell may take', positive)
  .action(async (options: WorkbookCommand) => {
    // Kernels have it from the environment.
    if (options.backend !== undefined) process.env.MMP_BACKEND = options.backend;
    // A backend that cannot run is refused here, before nine notebooks fail of it.
    await useBackend();
    const output = options.output ?? (options.only ? `${defaultOutput}-only` : defaultOutput);
    const entries = await runWorkbook({ ...options, output, report: terminalReport() });
    console.log(`\n${output}/index.html`);
    const failed = entries.filter(({ failure }) => failure);
    for (const { name, failure } of failed) {
      console.error(`${name}: cell ${failure?.cell} failed`);
    }
    if (failed.length > 0) process.exitCode = 1;
  });

program
  .command('doctor')
  .description('tell what works on this machine, and what to do for the rest')
  .option('--json', 'the report as JSON, and nothing else')
  .action(async ({ json }: { json?: boolean }) => {
    const report = await examine(machineProbe(), json ? undefined : console.log);
    console.log(json ? JSON.stringify(report, null, 2) : `\n${reportText(report)}`);
    if (!report.canRun) process.exitCode = 1;
  });

program
  .command('pictures')
  .description('take the pictures of the READMEs from the data and from the last workbook run')
  .action(async () => {
    for (const file of await writePictures(defaultOutput)) console.log(file);
  });

program
  .command('lab')
  .description('open the notebooks in JupyterLab, in a Python environment inside the project')
  .option('--prepare', 'prepare the environment and stop')
  .argument('[jupyter...]', 'what else JupyterLab is told, after --')
  .action((parameters: string[], options: { prepare?: boolean }) => {
    prepareLab();
    if (options.prepare) console.log('JupyterLab is ready: npm run lab');
    else openLab(parameters);
  });

program
  .command('native')
  .description('build native TensorFlow for this machine, unless it is there')
  .option('--gpu', 'with CUDA, for an NVIDIA GPU')
  .action((options: { gpu?: boolean }) => {
    setUpNative(options.gpu ? wheels.gpu : wheels.cpu, console.log);
  });

for (const command of measuringCommands()) program.addCommand(command);

const restarted = restartWith();
if (restarted === undefined) {
  program.parseAsync().catch((error: unknown) => {
    console.error(`mmp: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  });
} else {
  process.exitCode = restarted;
}
