/** Comma-separated values with quotes, as RFC 4180 has them: quoted fields hold commas, quotes (doubled) and line ends. */

export class BrokenCsv extends Error {
  override name = 'BrokenCsv';
}

/** Each row as an object by the names of the first one. Throws a BrokenCsv that says at which line it cannot go on. */
export function readCsv(text: string): Record<string, string>[] {
  const [head, ...rows] = rowsOf(text);
  if (!head) throw new BrokenCsv('it is empty');
  return rows.map(({ fields, line }) => {
    if (fields.length !== head.fields.length)
      throw new BrokenCsv(
        `line ${line} has ${fields.length} fields, and the first line names ${head.fields.length}`,
      );
    return Object.fromEntries(head.fields.map((name, at) => [name, fields[at]!]));
  });
}

interface Row {
  line: number;
  fields: string[];
}

function rowsOf(text: string): Row[] {
  const rows: Row[] = [];
  let fields: string[] = [];
  let line = 1;
  let began = 1;
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const isQuoted = text[at] === '"';
    const end = isQuoted ? endOfQuoted(text, at, line) : endOfBare(text, at);
    const field = text.slice(isQuoted ? at + 1 : at, isQuoted ? end - 1 : end);
    line += field.split('\n').length - 1;
    fields.push(isQuoted ? field.replaceAll('""', '"') : field);
    at = end;
    if (text[at] === ',') {
      at++;
      if (at < text.length) continue;
      fields.push('');
    }
    if (text[at] === '\r') at++;
    if (at < text.length && text[at] !== '\n')
      throw new BrokenCsv(`line ${line} goes on behind a closing quote`);
    rows.push({ line: began, fields });
    fields = [];
    at++;
    began = ++line;
  }
  return rows;
}

/** Behind the quote that ends the field. */
function endOfQuoted(text: string, start: number, line: number): number {
  for (let at = text.indexOf('"', start + 1); at !== -1; at = text.indexOf('"', at + 2))
    if (text[at + 1] !== '"') return at + 1;
  throw new BrokenCsv(`the quote that opens in line ${line} has no end`);
}

function endOfBare(text: string, start: number): number {
  let at = start;
  while (at < text.length && text[at] !== ',' && text[at] !== '\n' && text[at] !== '\r') at++;
  return at;
}
