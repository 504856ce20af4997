/**
 * The pager: on a terminal, what is longer than the screen goes through `less -FRX`, as with git. What the command prints
 * is kept until it has ended; by then its connections are closed, and only the pager uses the terminal.
 */
import { stripVTControlCharacters } from 'node:util';
import { showThrough } from './pager.ts';
import { widthOf } from './width.ts';

let kept: string[] | null = null;
let waiting: (() => void)[] = [];

/** Standard output: at once, or kept for the pager. */
export function write(text: string): void {
  if (kept) kept.push(text);
  else process.stdout.write(text);
}

/** Prints something once the pager has ended, so that it stays on the screen; at once where no pager is used. */
export function afterPage(print: () => void): void {
  if (kept) waiting.push(print);
  else print();
}

/** The command of the pager; null where none is wanted, or can be used. */
function pagerCommand(): string | null {
  const { TERM, ROUNDSMAN_PAGER, PAGER } = process.env;
  if (!process.stdout.isTTY || !process.stdin.isTTY || TERM === 'dumb') return null;
  const command = (ROUNDSMAN_PAGER ?? PAGER ?? 'less -FRX').trim();
  return command === '' || command === 'cat' ? null : command;
}

/** Keeps what is printed from now on, until {@link showKept}; nothing where no pager can be used. */
export function keepForPager(): void {
  kept = pagerCommand() === null ? null : [];
  waiting = [];
}

/** Prints what was kept, through the pager where it is longer than the screen; resolves when a person has left it. */
export async function showKept(): Promise<void> {
  if (!kept) return;
  const text = kept.join('');
  kept = null;
  const command = pagerCommand();
  if (command === null || !isLong(text) || !(await showThrough(command, text)))
    process.stdout.write(text);
  for (const print of waiting.splice(0)) print();
}

/** Whether the text has more lines than the screen, where the shell's prompt takes one. */
function isLong(text: string): boolean {
  const { rows, columns } = process.stdout;
  if (!rows || !columns) return false;
  const lines = text.replace(/\n$/, '').split('\n');
  if (lines.length >= rows) return true;
  const taken = lines.map((line) => Math.ceil(widthOf(stripVTControlCharacters(line)) / columns));
  return taken.reduce((sum, each) => sum + Math.max(1, each), 0) >= rows;
}
