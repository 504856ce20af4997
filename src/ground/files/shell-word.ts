/** Words of a command line that a person may copy into a shell. */
import { printable } from '../text.ts';

/** A text as one word of bash and zsh; what does not show, or is a line break, is escaped, so that the whole command is one line. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  const isPlain = printable(text) === text && !/[\r\n\t]/.test(text);
  if (isPlain) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${[...text].map(escaped).join('')}'`;
}

function escaped(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === "'" || character === '\\') return `\\${character}`;
  if (printable(character) === character && character !== '\r') return character;
  const digits = character.codePointAt(0)!.toString(16);
  return digits.length > 4 ? `\\U${digits.padStart(8, '0')}` : `\\u${digits.padStart(4, '0')}`;
}
