/** The program that shows a long text: started, ended with this process, and asked how much of the text it has read. */
import { spawn, type ChildProcess } from 'node:child_process';
import { text as allOf } from 'node:stream/consumers';
import { stripVTControlCharacters } from 'node:util';
import { descendantsOf, kill } from '../../ground/processes.ts';
import { modeOfTerminal, setTerminal } from './stty.ts';

/** The options of less where the person has set none, as git has them. */
const ownLess = 'FRX';

/**
 * The pager reads the text as its standard input; the shell counts what it has left of it. The keys are the pager's, and
 * the shell waits for it.
 */
const script = (command: string): string => `trap : INT QUIT
{ ${command}
} <&3 3<&- 4>&-
status=$?
wc -c <&3 >&4
exit $status`;

/**
 * Shows the text through the pager, and returns whether it was shown: not by a pager that has read nothing of it, or that failed
 * before it had read all. LESSSECURE keeps less from starting programs and opening files: the text may be another person's. A signal
 * that ends this process ends the pager first, and the terminal is as it was before.
 */
export async function showThrough(command: string, text: string): Promise<boolean> {
  const mode = modeOfTerminal();
  const child = spawn('/bin/sh', ['-c', script(command)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
    env: { LESS: ownLess, ...process.env, LESSSECURE: '1' },
  });
  const [, , , input, rest] = child.stdio as unknown as [null, null, null, Pipe, Pipe];
  let ended: NodeJS.Signals | null = null;
  const ignore = () => {};
  const end = (signal: NodeJS.Signals) => {
    ended ??= signal;
    for (const pid of [child.pid!, ...descendantsOf(child.pid!)].toReversed()) kill(pid, signal);
  };
  process.on('SIGINT', ignore).on('SIGQUIT', ignore).on('SIGTERM', end).on('SIGHUP', end);
  const shown = showsColours(command) ? text : stripVTControlCharacters(text);
  // A person leaves the pager before it has read everything.
  input.on('error', ignore).end(shown);
  input.resume();
  const [left, code] = await Promise.all([allOf(rest).catch(() => ''), codeOf(child)]);
  process.off('SIGINT', ignore).off('SIGQUIT', ignore).off('SIGTERM', end).off('SIGHUP', end);
  if (ended !== null) {
    if (mode) setTerminal(mode);
    process.kill(process.pid, ended);
    return true;
  }
  if (left.trim() === '') return code === 0;
  return code === 0 ? Number(left) < Buffer.byteLength(shown) : Number(left) === 0;
}

type Pipe = import('node:net').Socket;

/** The exit code of the pager; null where it could not be started, or a signal ended it. */
const codeOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('error', () => resolve(null)).once('exit', resolve));

/** less shows colours only with its option R (or r), which the person's own LESS may lack; of other programs nothing is known. */
function showsColours(command: string): boolean {
  const [, program, options] = /^\s*(?:\w+=\S*\s+)*(\S+)(.*)$/s.exec(command) ?? [];
  if (!/(^|\/)less$/.test(program ?? '')) return true;
  return (
    /(^|\s)-?[\w#~.]*R|raw-control-chars/i.test(process.env.LESS ?? ownLess) ||
    /\s-[\w#~.]*R|--raw-control-chars/i.test(options ?? '')
  );
}
