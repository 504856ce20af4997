/** Gives a backup to a command of the admin's, or reads it back from one. The shell of the host runs it, as this account. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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

function start(command: string, stdio: ['pipe' | 'ignore', 'pipe' | 'ignore', 'pipe']) {
  const child = spawn('/bin/sh', ['-c', command], { stdio });
  let said = '';
  child.stderr!.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-maxSaid)));
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
  return { child, ended };
}

/** The command has ended, or closed its input, while there was more to take. */
const isClosed = (error: unknown): boolean =>
  ['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE'].includes(
    (error as NodeJS.ErrnoException).code ?? '',
  );

/** Throws {@link BackupCommandError} unless the command ends with exit code 0 after it has taken everything. */
export async function writeToCommand(command: string, stream: Readable): Promise<Written> {
  const { child, ended } = start(command, ['pipe', 'ignore', 'pipe']);
  const hash = createHash('sha256');
  let bytes = 0;
  let cut: unknown;
  try {
    await pipeline(
      stream,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      child.stdin!,
    );
  } catch (error) {
    cut = error;
    // It has to end without success: it must not keep what it has got as a backup.
    if (!isClosed(error)) child.kill('SIGTERM');
  }
  const why = await ended;
  if (cut !== undefined && !isClosed(cut)) throw cut as Error;
  if (why !== null) throw new BackupCommandError('to', why, cut);
  if (cut !== undefined)
    throw new BackupCommandError('to', 'it ended before it had taken everything', cut);
  return { bytes, sha256: hash.digest('hex') };
}

/** What the command prints. Throws {@link BackupCommandError} where it does not end with exit code 0. */
export async function* readFromCommand(command: string): AsyncGenerator<Buffer> {
  const { child, ended } = start(command, ['ignore', 'pipe', 'pipe']);
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield chunk;
    const why = await ended;
    if (why !== null) throw new BackupCommandError('from', why);
  } finally {
    if (child.exitCode === null) child.kill('SIGTERM');
  }
}
