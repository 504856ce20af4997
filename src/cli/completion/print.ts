import type { Command } from 'commander';
import { printable } from '../../ground/text.ts';
import { namesThatBegin } from '../../services/completion/names.ts';
import { askSoon } from '../session/ask-soon.ts';
import { put } from '../terminal/print.ts';
import { cut } from '../terminal/width.ts';
import { scripts, type Shell } from './scripts.ts';
import { suggest } from './suggest.ts';

/** In columns, of a description: a shell may show several words with their descriptions on one line. */
const maxDescription = 60;

/** The script that the shell reads once. */
export const printScript = (shell: Shell): void => put(scripts[shell].trimEnd());

/** Prints what may come next after these words, the last of which is being typed; nothing where the answer takes too long. */
export async function printWords(root: Command, words: readonly string[]): Promise<void> {
  const found = await suggest(root, words, (kind, begin) =>
    askSoon((db) => namesThatBegin(db, kind, begin), []),
  );
  if (found === 'files') return put('files');
  const lines = found
    // A name that a terminal would not show as it is cannot be chosen from a list.
    .filter(({ name }) => name !== '' && printable(name) === name)
    .map(({ name, about }) => `${name}\t${cut(printable(about), maxDescription)}`);
  if (lines.length > 0) put(lines.join('\n'));
  // A server that does not answer would keep this process, and the person, waiting.
  setTimeout(() => process.exit(), 50).unref();
}
