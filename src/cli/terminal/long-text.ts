/** A text of several lines: typed as an option, from a file or standard input, or written in an editor. */
import { Option } from 'commander';
import { printable } from '../../ground/text.ts';
import { pipedText } from './piped.ts';
import { fromFile, mostBytes, mostCharacters, no, tooLong } from './text-file.ts';

export interface LongTextOptions {
  notesFile?: string;
  edit?: true;
}

/** `--notes-file` and `--edit`, of which one may be given, and not with `--notes`. */
export const longTextOptions = () => [
  new Option('--notes-file <path>', 'read the text from a file, - for standard input').conflicts([
    'edit',
    'notes',
  ]),
  new Option('--edit', 'write the text in the editor that VISUAL or EDITOR names').conflicts(
    'notes',
  ),
];

/**
 * The text that these options name, trimmed and with plain line ends; null where none of them is given. Throws
 * LongTextError, and UnansweredError for an editor without a terminal, or a text that was left empty in it.
 */
export async function longText({ notesFile, edit }: LongTextOptions): Promise<string | null> {
  if (notesFile !== undefined)
    return checked(
      notesFile === '-' ? await fromInput() : await fromFile(notesFile),
      notesFile === '-' ? 'standard input' : printable(notesFile),
    );
  if (!edit) return null;
  const { edited } = await import('./editor.ts');
  return checked(await edited(), 'what was written');
}

const fromInput = (): Promise<string> =>
  pipedText(mostBytes, {
    what: 'nothing was changed',
    why: 'standard input is not UTF-8',
    hint: 'give the text in UTF-8',
  });

function checked(text: string, where: string): string {
  if (Buffer.byteLength(text) > mostBytes) throw tooLong(where, `more than ${mostBytes} bytes`);
  if (text.includes('\0'))
    throw no(`${where} holds a NUL character: it is no text`, 'give a text, and no other data');
  const plain = text.replace(/\r\n?/g, '\n').trim();
  if (!plain) throw no(`${where} is empty`, 'give the text');
  if (plain.length > mostCharacters) throw tooLong(where, `${plain.length} characters`);
  return plain;
}
