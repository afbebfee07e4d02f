/** How a run of the workbook looks in a terminal: a bar per running notebook, or plain lines elsewhere. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { duration } from './progress.js';
import type { WorkbookReport } from './workbook.js';

export function terminalReport(stream: NodeJS.WriteStream = process.stdout): WorkbookReport {
  return stream.isTTY ? barReport(stream) : lineReport((line) => stream.write(`${line}\n`));
}

function barReport(stream: NodeJS.WriteStream): WorkbookReport {
  const format = '{name} {bar} cell {value}/{total} · {duration_formatted}';
  let display: MultiBar | undefined;
  const bars = new Map<string, SingleBar>();
  return {
    notebook: (name) => {
      display ??= new MultiBar(
        { format, stream, clearOnComplete: true, gracefulExit: false },
        Presets.shades_classic,
      );
      bars.set(name, display.create(1, 0, { name }));
    },
    cell: (name, cell, cells) => {
      bars.get(name)?.setTotal(cells);
      bars.get(name)?.update(cell);
    },
    finished: (name, summary) => {
      display?.remove(bars.get(name)!);
      bars.delete(name);
      if (bars.size === 0) {
        display?.stop();
        display = undefined;
      }
      if (summary === undefined) return;
      const line = `${name}  ${summary}\n`;
      if (display) display.log(line);
      else stream.write(line);
    },
  };
}

/** At most one line about cells every few seconds, so that logs stay readable. */
const lineEvery = 5000;

/** When a cell is told of again that still runs. */
const stillEvery = 30_000;

/** @param write writes a line */
export function lineReport(write: (line: string) => void): WorkbookReport {
  let last = Date.now();
  const timers = new Map<string, NodeJS.Timeout>();
  return {
    notebook: (name) => {
      write(`${name} …`);
    },
    cell: (name, cell, cells) => {
      const start = Date.now();
      const place = `${name}  cell ${cell}/${cells}`;
      clearInterval(timers.get(name));
      const tell = () => {
        write(`${place} · ${duration((Date.now() - start) / 1000)}`);
      };
      timers.set(name, setInterval(tell, stillEvery));
      if (start - last < lineEvery) return;
      last = start;
      write(place);
    },
    finished: (name, summary) => {
      clearInterval(timers.get(name));
      if (summary !== undefined) write(`${name}  ${summary}`);
    },
  };
}
