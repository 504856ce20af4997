import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { messageOf } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { canAsk } from './ask.ts';
import type { Draft } from './draft.ts';
import { modeOfTerminal, setTerminal } from './stty.ts';
import { fromFile, LongTextError } from './text-file.ts';
import { UnansweredError } from './unanswered.ts';

/**
 * Opens the editor that VISUAL or EDITOR names, and returns what a person has saved in the draft. The terminal is as it was
 * before, however the editor ends. Throws {@link UnansweredError} without a terminal, and where nothing was written; {@link
 * LongTextError} where the editor is not named, cannot be started or fails.
 */
export async function editText(draft: Draft): Promise<string> {
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
  const file = fileOf(draft);
  await runEditor(editor, file, draft);
  const text = await fromFile(file);
  if (text.trim()) return text;
  throw new UnansweredError({
    what: 'nothing was changed',
    why: 'the text was left empty',
    hint: 'run it again, and save the text before the editor is left',
  });
}

function fileOf(draft: Draft): string {
  try {
    return draft.file();
  } catch (error) {
    throw new LongTextError(
      {
        what: 'nothing was changed',
        why: `no file for the editor can be made in ${printable(tmpdir())}: ${messageOf(error)}`,
        hint: 'set TMPDIR to a directory with room that you may write into, or --notes-file PATH',
      },
      { cause: error },
    );
  }
}

/** Runs the editor until it ends. Ctrl-C is left to it; a signal that ends this process ends the editor first. */
async function runEditor(editor: string, file: string, draft: Draft): Promise<void> {
  const before = modeOfTerminal();
  // Through a shell, as other programs do, because arguments may follow the editor's name. The path is one of ours.
  const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const ignore = () => {};
  const end = (signal: NodeJS.Signals) => {
    child.kill(signal);
    if (before) setTerminal(before);
    draft.tell();
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
    draft.guard();
    process.off('SIGINT', ignore).off('SIGQUIT', ignore).off('SIGTERM', end).off('SIGHUP', end);
    if (before) setTerminal(before);
  }
}
