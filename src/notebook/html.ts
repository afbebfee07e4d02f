/** The little HTML that outputs are made of. */

export type Cell = string | number;

/** A table; numbers are set to the right. */
export function tableHtml(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const head = header.map((cell) => `<th>${escapeHtml(cell)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map((cell) => {
      const align = typeof cell === 'number' ? ' style="text-align:right"' : '';
      return `<td${align}>${escapeHtml(String(cell))}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

/** Text that can stand in HTML and in attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
