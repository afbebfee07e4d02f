/** A report as people read it, in 100 columns. */
import Table from 'cli-table3';
import type { Report } from './report.js';

/** Their sum and the five lines between and around them make 100. */
const widths = { area: 11, what: 22, state: 9, detail: 53 };
const padding = 2;

export function reportText(report: Report): string {
  const table = new Table({
    head: ['area', 'what', 'state', 'what was found, and → what to do'],
    colWidths: Object.values(widths),
    wordWrap: true,
    // Colours would be control characters in a log.
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  table.push(
    ...report.findings.map(({ area, what, state, detail, remedy }) => [
      area,
      broken(what, widths.what - padding),
      state,
      broken(remedy === null ? detail : `${detail}\n→ ${remedy}`, widths.detail - padding),
    ]),
  );
  return `${table.toString()}\n${verdict(report)}`;
}

/** The table wraps between words only, and cuts off what is longer than a line. */
function broken(text: string, width: number): string {
  return text.replaceAll(new RegExp(`\\S{${width}}(?=\\S)`, 'g'), '$& ');
}

function verdict({ canRun, findings, unasked }: Report): string {
  const count = (state: string) => findings.filter((one) => one.state === state).length;
  const counts = `${count('failed')} failed, ${count('warning')} with a warning, ${count('missing')} missing`;
  if (!canRun) return `The workbook cannot run here: ${counts}.`;
  const backend = unasked?.chosen;
  return `The workbook can run here${backend ? `, unasked on ${backend}` : ''}: ${counts}.`;
}
