import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { canAsk } from './ask.ts';
import { fromFile, LongTextError } from './text-file.ts';
import { UnansweredError } from './unanswered.ts';

/**
 * What a person writes in the editor that VISUAL or EDITOR names, as it is saved. Its file is readable by this account alone,
 * in a folder of its own, and gone afterwards; the terminal is as it was before, however the editor ends. Throws {@link
 * UnansweredError} without a terminal, and where nothing was written; {@link LongTextError} where the editor is not named,
 * cannot be started or fails.
 */
export async function edited(): Promise<string> {
  const editor = process.env.VISUAL?.trim() || process.env.EDITOR?.trim();
  if (!canAsk())
    throw new UnansweredError({
      what: 'nothing was changed',
      why: '--edit opens an editor, and there is no terminal for one',
      hint: '--notes-file - reads the text from standard input',
    });
  if (!editor)
    throw new LongTextError({
      what: 'nothing was changed',
      why: 'neither VISUAL nor EDITOR names an editor',
      hint: 'EDITOR=nano before the command, or --notes-file PATH',
    });
  const folder = await mkdtemp(join(tmpdir(), 'roundsman-')).catch((error: unknown) => {
    throw noFolder(error);
  });
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    const file = join(folder, 'text.md');
    await writeFile(file, '', { mode: 0o600, flag: 'wx' });
    await write(editor, file, remove);
    const text = await fromFile(file);
    if (text.trim()) return text;
    throw new UnansweredError({
      what: 'nothing was changed',
      why: 'the text was left empty',
      hint: 'run it again, and save the text before the editor is left',
    });
  } finally {
    process.off('exit', remove);
    remove();
  }
}

const noFolder = (error: unknown): LongTextError =>
  new LongTextError(
    {
      what: 'nothing was changed',
      why: `no file for the editor can be made in ${printable(tmpdir())}: ${messageOf(error)}`,
      hint: 'set TMPDIR to a directory with room that you may write into, or --notes-file PATH',
    },
    { cause: error },
  );

/** Until the editor has ended. Ctrl-C is the editor's; a signal that ends this process ends the editor first. */
async function write(editor: string, file: string, remove: () => void): Promise<void> {
  const before = modeOfTerminal();
  // As every program does that asks for an editor: its name may have arguments. The path is one of ours.
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const ignore = () => {};
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    remove();
    if (before) setTerminal(before);
    process.off(signal, end);
    process.kill(process.pid, signal);
  };
  process.on('SIGINT', ignore).on('SIGQUIT', ignore).on('SIGTERM', end).on('SIGHUP', end);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (code === 0) return;
    throw new LongTextError({
      what: 'nothing was changed',
      why:
        code === 126 || code === 127
          ? `the editor ${printable(editor)} cannot be started`
          : `the editor ${printable(editor)} ended with ${signal ?? code}`,
      hint: 'EDITOR=nano before the command, or --notes-file PATH',
    });
  } finally {
    process.off('SIGINT', ignore).off('SIGQUIT', ignore).off('SIGTERM', end).off('SIGHUP', end);
    if (before) setTerminal(before);
  }
}

/** Null where `stty` does not tell it. */
function modeOfTerminal(): string | null {
  const { status, stdout } = spawnSync('stty', ['-g'], { stdio: ['inherit', 'pipe', 'ignore'] });
  return status === 0 ? stdout.toString().trim() : null;
}

const setTerminal = (mode: string): void => {
  spawnSync('stty', [mode], { stdio: ['inherit', 'ignore', 'ignore'] });
};
