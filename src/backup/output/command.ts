/** Gives a backup to a command of the admin's, or reads it back from one. The shell of the host runs it, as this account. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { RoundsmanError } from '../../ground/errors.ts';
import type { Written } from './folder.ts';

/** The command of a backup failed: what it has taken is no backup. */
export class BackupCommandError extends RoundsmanError {
  constructor(which: 'to' | 'from', why: string, cause?: unknown) {
    super(
      {
        what:
          which === 'to'
            ? 'the command did not take the backup'
            : 'the command did not give the backup back',
        why,
        hint: `run what --${which}-command says by hand, and look at what it prints`,
      },
      { cause },
    );
  }
}

/** The end of what a command printed as errors. */
const maxSaid = 2_000;

/** How long a command has to end after SIGTERM. */
const graceMs = 5_000;

/**
 * Its input is a socket of both directions: where a command ends with a part of its input unread, the system says so to the other
 * end, and only there. Its group of processes is its own, so that all of them can be ended.
 */
function start(command: string, direction: 'to' | 'from') {
  const isTaking = direction === 'to';
  const child = spawn('/bin/sh', ['-c', isTaking ? `exec <&3 3<&-\n${command}` : command], {
    stdio: [
      'ignore',
      isTaking ? 'ignore' : 'pipe',
      'pipe',
      ...(isTaking ? (['pipe'] as const) : []),
    ],
    detached: true,
  });
  let said = '';
  child.stderr!.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-maxSaid)));
  const signalAll = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All of them have ended.
    }
  };
  const ended = new Promise<string | null>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) =>
      resolve(
        code === 0
          ? null
          : `it ended with ${signal ? `the signal ${signal}` : `exit code ${code}`}${said.trim() ? `: ${said.trim()}` : ''}`,
      ),
    );
  });
  /** Ends all of its processes, and waits for that. */
  const end = async () => {
    signalAll('SIGTERM');
    const timer = setTimeout(() => signalAll('SIGKILL'), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return { child, ended, end };
}

/**
 * Throws {@link BackupCommandError} unless the command ends with exit code 0 after it has taken everything. Aborting `signal` ends the
 * command, also one that does not read.
 */
export async function writeToCommand(
  command: string,
  stream: Readable,
  signal: AbortSignal,
): Promise<Written> {
  const { child, ended, end } = start(command, 'to');
  const input = child.stdio[3] as Writable & Readable;
  const hash = createHash('sha256');
  let bytes = 0;
  let cut: Error | undefined;
  input.on('error', (error) => (cut ??= error));
  input.resume();
  const closed = once(input, 'close').catch(() => {});
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      if (cut || input.destroyed) break;
      hash.update(chunk);
      bytes += chunk.length;
      if (!input.write(chunk))
        await Promise.race([once(input, 'drain'), closed, stopped]).catch(() => {});
      signal.throwIfAborted();
    }
  } catch (error) {
    // It has to end without success before its input does: it must not keep what it has got as a backup.
    await end();
    input.destroy();
    stream.destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  stream.destroy();
  if (input.destroyed) cut ??= new Error('its input is closed');
  else input.end();
  const why = await endedOr(ended, signal, end);
  await closed;
  if (why !== null) throw new BackupCommandError('to', why, cut);
  if (cut !== undefined)
    throw new BackupCommandError('to', 'it ended before it had taken everything', cut);
  return { bytes, sha256: hash.digest('hex') };
}

/** Why it ended. A command that has all of its input may take long to end: aborting ends it, too. */
async function endedOr(
  ended: Promise<string | null>,
  signal: AbortSignal,
  end: () => Promise<void>,
): Promise<string | null> {
  const stop = () => void end();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const why = await ended;
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  return why;
}

/**
 * What the command prints. Throws {@link BackupCommandError} where it does not end with exit code 0. Aborting `signal` ends the command,
 * also one that prints nothing.
 */
export async function* readFromCommand(
  command: string,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  signal.throwIfAborted();
  const { child, ended, end } = start(command, 'from');
  let isOver = false;
  const stop = () => void end();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk;
    const why = await ended;
    isOver = true;
    signal.throwIfAborted();
    if (why !== null) throw new BackupCommandError('from', why);
  } finally {
    signal.removeEventListener('abort', stop);
    if (!isOver) await end();
  }
}
