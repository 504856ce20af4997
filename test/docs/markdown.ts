/** Writes Markdown for the generated pages of docs/. */

/** The text of a cell of a table, such that nothing in it is markup, except code in backquotes. */
export const cell = (text: string): string =>
  text
    .split('`')
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll(/[<*]/g, String.raw`\$&`)))
    .join('`')
    .replaceAll('|', String.raw`\|`);

export const code = (text: string): string => `\`${text}\``;

/** The lines of a table; no line where there are no rows. */
export const table = (head: string[], rows: string[][]): string[] => {
  if (rows.length === 0) return [];
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [
    '',
    line(head),
    `|${'---|'.repeat(head.length)}`,
    ...rows.map((row) => line(row.map(cell))),
  ];
};
