#!/usr/bin/env node
/** The command line: what `npm start`, `npm run lab`, `npm run verify` and the set-up call. */
import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import { SingleBar, Presets } from 'cli-progress';
import { measuringCommands, positive, wholeNumber } from './bench/commands.js';
import { defaultCache, makePictures, readPictures } from './data/emoji/pictures.js';
import { examine } from './doctor/doctor.js';
import { machineProbe } from './doctor/probe.js';
import { reportText } from './doctor/table.js';
import { runCommands } from './experiments/commands.js';
import { convertCommand } from './files/convertCommand.js';
import { abortedBySignals } from './files/signals.js';
import { setUpNative, wheels } from './native/build.js';
import { restartWith } from './native/restart.js';
import { budgetNames, type BudgetName } from './notebook/budget.js';
import { kernelNames, type KernelName } from './notebook/client.js';
import { failureLine } from './notebook/failure.js';
import { dataFolderOf, installKernel, userDataFolder } from './notebook/kernelspec.js';
import { openLab, prepareLab } from './notebook/lab.js';
import { terminalReport } from './notebook/terminal.js';
import { writePictures } from './site/pictures.js';
import { defaultOutput, runWorkbook } from './notebook/workbook.js';
import { sweepCommands } from './sweep/commands.js';
import { useBackend } from './tensor/backend.js';

interface WorkbookCommand {
  readonly notebooks?: string;
  readonly only?: string[];
  readonly output?: string;
  readonly inPlace?: boolean;
  readonly html?: boolean;
  readonly kernel?: KernelName;
  readonly jobs: number;
  readonly backend?: string;
  readonly budget?: BudgetName;
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
  .option('--notebooks <folder>', 'where the notebooks lie, if elsewhere')
  .option('--only <start...>', 'only notebooks whose names start so, such as 03')
  .option('--output <folder>', 'where the result goes')
  .option('--in-place', 'write each executed notebook over the original, unless it failed')
  .option('--html', 'with --in-place: make the output folder with the site, too')
  .addOption(
    new Option('--kernel <name>', 'the kernel of every notebook, whichever it names').choices(
      kernelNames,
    ),
  )
  .option('--jobs <number>', 'how many notebooks are executed at a time', wholeNumber, 1)
  .option('--backend <name>', 'the backend of every notebook, as MMP_BACKEND')
  .addOption(
    new Option('--budget <name>', 'how much is computed, as MMP_BUDGET').choices(budgetNames),
  )
  .option('--cell-seconds <number>', 'the longest that one cell may take', positive)
  .action(async ({ html, backend, budget, ...options }: WorkbookCommand) => {
    const writesFolder = html === true || options.inPlace !== true;
    if (options.output !== undefined && !writesFolder) {
      throw new Error('--in-place makes no output folder: give --html with --output');
    }
    // Kernels have these from the environment.
    if (backend !== undefined) process.env.MMP_BACKEND = backend;
    if (budget !== undefined) process.env.MMP_BUDGET = budget;
    // A backend that cannot run is refused here, before all notebooks fail of it.
    await useBackend();
    const isWhole = options.only === undefined && options.notebooks === undefined;
    const usual = isWhole ? defaultOutput : `${defaultOutput}-only`;
    const output = writesFolder ? (options.output ?? usual) : undefined;
    const entries = await runWorkbook({
      ...options,
      ...(output === undefined ? {} : { output }),
      report: terminalReport(),
      signal: abortedBySignals(),
    });
    if (output !== undefined) console.log(`\n${output}/index.html`);
    for (const { name, failure } of entries) {
      if (failure) console.error(`${name}: ${failureLine(failure)}`);
    }
    if (entries.some(({ failure }) => failure)) process.exitCode = 1;
  });

program
  .command('lint-notebooks')
  .description('check the notebooks as they are to be committed, without running them')
  .option('--fix', 'before that, take outputs out and format the code')
  .argument('[file...]', 'only these; otherwise all of the project')
  .action(async (chosen: string[], options: { fix?: boolean }) => {
    // Loaded here, because the other commands need not wait for a compiler.
    const { committedNotebooks, lintNotebooks } = await import('./notebook/lint/lint.js');
    const { fixNotebook } = await import('./notebook/lint/fix.js');
    const files = chosen.length > 0 ? chosen : committedNotebooks();
    if (options.fix) for (const file of files) await fixNotebook(file);
    const violations = await lintNotebooks(files);
    for (const violation of violations) console.error(violation);
    console.log(`notebooks: ${files.length} · violations: ${violations.length}`);
    if (violations.length > 0) process.exitCode = 1;
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
  .command('kernel')
  .description('the Jupyter kernel "MMP (TypeScript)"')
  .command('install')
  .description('let Jupyter, VS Code and nbclient find the kernel')
  .addOption(
    new Option('--prefix <folder>', 'in this environment, such as a virtual environment').conflicts(
      'user',
    ),
  )
  .option('--user', 'for this user (the default)')
  .action(({ prefix }: { prefix?: string }) => {
    const folder = prefix === undefined ? userDataFolder() : dataFolderOf(prefix);
    console.log(installKernel(folder, 'mmp'));
  });

program
  .command('native')
  .description('build native TensorFlow for this machine, unless it is there')
  .option('--gpu', 'with CUDA, for an NVIDIA GPU')
  .action((options: { gpu?: boolean }) => {
    setUpNative(options.gpu ? wheels.gpu : wheels.cpu, console.log);
  });

const commands = [...runCommands(), ...measuringCommands(), ...sweepCommands(), convertCommand()];
for (const command of commands) program.addCommand(command);

async function main(): Promise<void> {
  const restarted = await restartWith();
  if (restarted !== undefined) process.exitCode = restarted;
  else await program.parseAsync();
}

main().catch((error: unknown) => {
  console.error(`mmp: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode ??= 1;
});
