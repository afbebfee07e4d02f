/** JupyterLab and a browser in front of it, in which notebooks are opened. */
import { cpSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'puppeteer-core';
import { beginFolder, finishFolder } from '../../src/files/folders.js';
import { projectRoot } from '../../src/files/paths.js';
import { writeNotebook } from '../../src/notebook/format.js';
import { prepareLab } from '../../src/notebook/lab.js';
import { makeFolder } from '../support/folders.js';
import { notebookOf } from '../support/notebooks.js';
import { openBrowser } from './browser.js';
import { OpenNotebook } from './notebook.js';
import { JupyterServer } from './server.js';

/** The kernel of all notebooks here: its name in their files, and what Lab calls it. */
export const kernel = { name: 'mmp', title: 'MMP (TypeScript)' };

/** Where the pictures are that tests take. */
const screenshots = path.join(projectRoot, 'data', 'runs', 'lab');

export class Lab {
  /** What Lab shows: a copy of the workbook, and the notebooks that tests make. */
  readonly notebooks: string;
  private readonly folder = makeFolder();
  private readonly pictures = beginFolder(screenshots);
  private readonly opened: OpenNotebook[] = [];
  private browser?: Browser;
  private server?: JupyterServer;

  constructor() {
    this.notebooks = path.join(this.folder, 'notebooks');
    cpSync(path.join(projectRoot, 'notebooks'), this.notebooks, { recursive: true });
    // Notebooks import the library by its name.
    const packages = path.join(projectRoot, 'node_modules');
    symlinkSync(packages, path.join(this.folder, 'node_modules'), 'junction');
    process.once('exit', () => {
      for (const own of [this.folder, this.pictures]) rmSync(own, { recursive: true, force: true });
    });
  }

  /** @throws Error when there is no browser, or naming the step that failed */
  async start(): Promise<void> {
    this.browser = await openBrowser();
    prepareLab();
    this.server = await JupyterServer.start(path.join(this.folder, 'jupyter'), this.notebooks);
  }

  /** Writes a notebook of these cells and opens it. */
  async open(name: string, ...cells: string[]): Promise<OpenNotebook> {
    const content = notebookOf(...cells);
    content.metadata.kernelspec = {
      name: kernel.name,
      display_name: kernel.title,
      language: 'typescript',
    };
    writeNotebook(this.fileOf(name), content);
    return this.openExisting(name);
  }

  /** Opens a notebook that is there. */
  async openExisting(name: string): Promise<OpenNotebook> {
    const page = await this.browser!.newPage();
    const notebook = new OpenNotebook(name, page, this.pictures);
    this.opened.push(notebook);
    await page.goto(this.server!.addressOf(name));
    await notebook.untilIdle();
    return notebook;
  }

  fileOf(name: string): string {
    return path.join(this.notebooks, `${name}.ipynb`);
  }

  /** The names of the kernels that run for a notebook. */
  async kernelsOf({ name }: OpenNotebook): Promise<string[]> {
    const sessions = await this.server!.sessionsOf(name);
    return sessions.map((session) => session.kernel.name);
  }

  /** Closes all notebooks, ends their kernels, and forgets what was printed for them. */
  async closeNotebooks(): Promise<void> {
    for (const notebook of this.opened.splice(0)) {
      await notebook.close();
      await this.server!.endSessionsOf(notebook.name);
    }
    this.server!.log = '';
  }

  /** What there is to say when something failed: the server's words, and a picture of each open notebook. */
  async explain(): Promise<void> {
    console.log(`the server printed:\n${this.server?.log}`);
    for (const notebook of this.opened) await notebook.screenshot(`failed-${notebook.name}`);
  }

  /** Stops browser and server, and puts the pictures in their place. */
  async stop(): Promise<void> {
    await this.browser?.close();
    if (!this.server) return;
    await this.server.stop();
    finishFolder(this.pictures, screenshots);
    console.log(`  screenshots: ${screenshots}`);
  }
}
