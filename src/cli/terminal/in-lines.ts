/** A text in lines for a terminal, which would itself break words in the middle. Pure. */
import { stripVTControlCharacters } from 'node:util';
import { widthOf, wrapped } from './width.ts';

/** A command, as texts name it for a person to copy. */
const command = /`npx [^`]+`/g;
/** Stands for a space of a command while its text is divided: no line ends there. */
const glue = '\u00A0';
const gluedCommand = /`npx\u00A0[^`]+`/g;

/**
 * The lines of a text, with `indent` before each but the first. A command that has room on a line is not divided, so that it
 * can be copied as a whole.
 */
export function inLines(text: string, indent: string, columns: number): string[] {
  // Where the indent takes more than half of a line, the lines are longer than the terminal, which wraps them.
  const room = Math.max(columns - indent.length, indent.length);
  if (widthOf(text) <= columns) return [text];
  const glued = text.replaceAll(command, (found) =>
    widthOf(found) > room ? found : found.replaceAll(' ', glue),
  );
  const lines = wrapped(glued, room, columns).map((line) =>
    line.replaceAll(gluedCommand, (found) => found.replaceAll(glue, ' ')),
  );
  return lines
    .flatMap((line, at) => (indent ? inPieces(line, at === 0 ? columns : room) : [line]))
    .map((line, at) => (at === 0 ? line : indent + line));
}

/** A word that is wider than a line and has no joint, in pieces: the terminal itself would continue it in the first column. */
function inPieces(line: string, room: number): string[] {
  const bare = stripVTControlCharacters(line);
  if (widthOf(bare) <= room || bare !== line) return [line];
  const pieces = [''];
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (widthOf(pieces.at(-1)! + segment) > room) pieces.push('');
    pieces.push(pieces.pop()! + segment);
  }
  return pieces;
}
