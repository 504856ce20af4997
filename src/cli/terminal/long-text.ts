/** A text of several lines: typed as an option, from a file or standard input, or written in an editor. */
import { Option } from 'commander';
import { printable } from '../../ground/text.ts';
import { nameOf } from './file-text.ts';
import type { Draft } from './draft.ts';
import { fromFile, maxCharacters, longTextError } from './text-file.ts';

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

/** What a person types to give a command with these options a text that was kept in a file. */
export const asNotesFile = (file: string): string => `--notes-file ${file}`;

/** The same for a command that takes only a reason. */
export const asReason = (file: string): string => `--reason "$(cat ${file})"`;

/**
 * The text that these options name, trimmed and with plain line ends; null where none of them is given. What a person writes
 * for it stays in the draft until the command has succeeded. Throws LongTextError, and UnansweredError for an editor without
 * a terminal, or a text that was left empty in it.
 */
export async function longText(
  { notesFile, edit }: LongTextOptions,
  draft: Draft,
): Promise<string | null> {
  if (notesFile !== undefined) {
    const text = await fromFile(notesFile);
    if (notesFile !== '-') draft.adopt(notesFile);
    else if (process.stdin.isTTY) draft.keep(text);
    return checkedText(text, printable(nameOf(notesFile)));
  }
  if (!edit) return null;
  const { editText } = await import('./editor.ts');
  return checkedText(await editText(draft), 'what was written');
}

/** The trimmed text. Throws LongTextError where it is empty or too long. */
function checkedText(text: string, where: string): string {
  const plain = text.trim();
  if (!plain) throw longTextError(`${where} is empty`, 'give the text');
  if (plain.length <= maxCharacters) return plain;
  throw longTextError(
    `${where} has ${plain.length} characters, and ${maxCharacters} characters are the most`,
    'shorten it, and give a link to a long log',
  );
}
