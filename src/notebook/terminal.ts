/** How a run of the workbook looks in a terminal: a bar per notebook, or plain lines where none can be. */
import { Presets, SingleBar } from 'cli-progress';
import type { WorkbookReport } from './workbook.js';

export function terminalReport(): WorkbookReport {
  return process.stdout.isTTY ? barReport() : lineReport();
}

function barReport(): WorkbookReport {
  let bar: SingleBar | undefined;
  return {
    notebook: (name) => {
      bar = new SingleBar(
        {
          format: `${name} {bar} cell {value}/{total} · {duration_formatted}`,
          clearOnComplete: true,
        },
        Presets.shades_classic,
      );
      bar.start(1, 0);
    },
    cell: (_name, cell, cells) => {
      bar?.setTotal(cells);
      bar?.update(cell);
    },
    finished: (name, summary) => {
      bar?.stop();
      console.log(`${name}  ${summary}`);
    },
  };
}

/** At most one line every few seconds, so that logs stay readable. */
const lineEvery = 5000;

function lineReport(): WorkbookReport {
  let last = Date.now();
  return {
    notebook: (name) => {
      console.log(`${name} …`);
    },
    cell: (name, cell, cells) => {
      if (Date.now() - last < lineEvery) return;
      last = Date.now();
      console.log(`${name}  cell ${cell}/${cells}`);
    },
    finished: (name, summary) => {
      console.log(`${name}  ${summary}`);
    },
  };
}
