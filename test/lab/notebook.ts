/** A notebook that is open in JupyterLab, and what a person does with it. Code cells count from 1. */
import assert from 'node:assert/strict';
import path from 'node:path';
import type { ElementHandle, Page } from 'puppeteer-core';
import { until } from './until.js';

/** How long Lab and a kernel may take to start, and a cell to run, in seconds. */
const patience = 30;

/** How Lab marks errors, and text on stderr as well. */
export const errorMime = 'application/vnd.jupyter.stderr';

/** What a cell has drawn below itself. */
export interface Drawn {
  /** As Lab marks its own outputs; empty for those of extensions */
  readonly mime: string;
  readonly text: string;
}

export class OpenNotebook {
  constructor(
    readonly name: string,
    private readonly page: Page,
    private readonly pictures: string,
  ) {}

  /** Waits until the kernel is there and has nothing to do. */
  async untilIdle(): Promise<void> {
    await this.untilText('the kernel', () => this.status(), /\| Idle$/);
  }

  /** The kernel's title as the toolbar shows it. */
  kernelTitle(): Promise<string> {
    return this.page.$eval('.jp-Toolbar-kernelName', ({ textContent }) => textContent);
  }

  /** Clicks into a cell and presses Shift+Enter. */
  async start(cell: number): Promise<void> {
    const editor = await (await this.cell(cell)).$('.cm-content');
    await editor!.click();
    await this.page.keyboard.down('Shift');
    await this.page.keyboard.press('Enter');
    await this.page.keyboard.up('Shift');
  }

  /** Waits until a cell that was started runs no more. */
  async untilFinished(cell: number, seconds = patience): Promise<void> {
    const prompt = () => this.prompt(cell);
    await this.untilText(`the prompt of cell ${cell}`, prompt, /^[^*]+$/, seconds);
  }

  /** Starts a cell, waits for its end, and gives its prompt. */
  async run(cell: number): Promise<string> {
    await this.start(cell);
    await this.untilFinished(cell);
    return this.prompt(cell);
  }

  /** Run All Cells in the menu. */
  async runAll(): Promise<void> {
    await this.page.locator('.lm-MenuBar ::-p-text(Run)').click();
    await this.page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click();
    await this.untilText('all prompts', async () => (await this.prompts()).join(' '), /^[^*]+$/);
  }

  /** The square in the toolbar. */
  interrupt(): Promise<void> {
    return this.clickTool('interrupt');
  }

  /** The round arrow in the toolbar, and yes to the question that Lab asks. */
  async restart(): Promise<void> {
    await this.clickTool('restart');
    await this.page.locator('.jp-Dialog .jp-mod-accept').click();
    await this.untilText('the kernel', () => this.status(), /\| (?!Idle)/);
    await this.untilIdle();
  }

  /** The disk in the toolbar. */
  async save(): Promise<void> {
    await this.clickTool('save');
    const classes = () => this.page.$eval('.lm-DockPanel .jp-mod-current', (tab) => tab.className);
    await this.untilText('the tab', classes, /^(?!.*jp-mod-dirty)/);
  }

  /** What stands left of a cell: `[ ]:` before it ran, `[*]:` while it runs, then its count. */
  async prompt(cell: number): Promise<string> {
    return (await this.textsIn(cell, '.jp-InputPrompt')).join();
  }

  /** The prompts of all code cells. */
  prompts(): Promise<string[]> {
    return this.page.$$eval('.jp-CodeCell .jp-InputPrompt', textsOf);
  }

  async outputs(cell: number): Promise<Drawn[]> {
    return (await this.cell(cell)).$$eval('.jp-OutputArea-output', (outputs) =>
      outputs.map((output) => ({
        mime: output.getAttribute('data-mime-type') ?? '',
        text: output.textContent,
      })),
    );
  }

  /** Waits until what a cell has drawn matches. */
  async untilShows(cell: number, pattern: RegExp): Promise<void> {
    const shown = async () => (await this.outputs(cell)).map(({ text }) => text).join('\n');
    await this.untilText(`the output of cell ${cell}`, shown, pattern);
  }

  /**
   * Notes from now on what the outputs of a cell say, at every change.
   *
   * @returns what gives the notes: at each change, the text of each output
   */
  async watch(cell: number): Promise<() => Promise<string[][]>> {
    const notes = await (
      await this.cell(cell)
    ).evaluateHandle((watched) => {
      const seen: string[][] = [];
      new MutationObserver(() => {
        const outputs = [...watched.querySelectorAll('.jp-OutputArea-child')];
        seen.push(outputs.map(({ textContent }) => textContent));
      }).observe(watched, { childList: true, subtree: true, characterData: true });
      return seen;
    });
    return () => notes.jsonValue();
  }

  /** The texts of all elements in a cell that a selector finds. */
  async textsIn(cell: number, selector: string): Promise<string[]> {
    return (await this.cell(cell)).$$eval(selector, textsOf);
  }

  /** How high the elements in a cell are drawn that a selector finds. */
  async heightsIn(cell: number, selector: string): Promise<number[]> {
    return (await this.cell(cell)).$$eval(selector, (elements) =>
      elements.map((element) => element.getBoundingClientRect().height),
    );
  }

  /** What the outputs of a cell stand on: `rgb(255, 221, 221)`. */
  async backgroundsOf(cell: number): Promise<string[]> {
    return (await this.cell(cell)).$$eval('.jp-OutputArea-output', (outputs) =>
      outputs.map((output) => getComputedStyle(output).backgroundColor),
    );
  }

  /** Leaves a picture of what Lab shows. */
  async screenshot(title: string): Promise<void> {
    await this.page.screenshot({ path: path.join(this.pictures, `${title}.png`) });
  }

  async close(): Promise<void> {
    await this.page.close();
  }

  private async cell(number: number): Promise<ElementHandle> {
    const cells = await this.page.$$('.jp-Notebook .jp-CodeCell');
    const cell = cells[number - 1];
    assert.ok(cell, `${this.name} has ${cells.length} code cells, and no cell ${number}`);
    return cell;
  }

  private clickTool(name: string): Promise<void> {
    return this.page.locator(`[data-jp-item-name="${name}"] jp-button`).click();
  }

  /** The kernel and what it does, as the status bar has it: `TypeScript | Idle`. */
  private async status(): Promise<string> {
    return (await this.page.$$eval('[title^="Change kernel"]', textsOf)).join();
  }

  private async untilText(
    what: string,
    read: () => Promise<string>,
    expected: RegExp,
    seconds = patience,
  ): Promise<void> {
    let text = '';
    const matched = await until(async () => {
      text = await read();
      return expected.test(text);
    }, seconds);
    const problem = `${what} is "${text}" after ${seconds} s, expected ${String(expected)}`;
    assert.ok(matched, `${this.name}: ${problem}`);
  }
}

/** Runs in the browser. */
function textsOf(elements: Element[]): string[] {
  return elements.map(({ textContent }) => textContent);
}
