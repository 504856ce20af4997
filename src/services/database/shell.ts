import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { libpqEnvironment } from '../../database/libpq.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';

/** `db shell` starts PostgreSQL's own shell, which Roundsman does not bring along. */
export class NoShellError extends RoundsmanError {}

/**
 * Runs `psql` on the terminal of this process, on this database; resolves with its exit code. The password goes
 * into psql's environment, because arguments can be read by every user. Throws {@link NoShellError}.
 */
export async function openShell(address: string, args: readonly string[]): Promise<number> {
  const shell = spawn('psql', args, {
    stdio: 'inherit',
    env: { ...process.env, ...libpqEnvironment(address) },
  });
  // Ctrl-C cancels the statement in psql; it ends neither psql nor this process.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    const [code, signal] = (await once(shell, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal!];
  } catch (error) {
    throw new NoShellError({
      what: 'psql could not be started',
      why: messageOf(error),
      hint: "install PostgreSQL's client (apt install postgresql-client, brew install libpq), or give `npx roundsman db url --with-password` to another client",
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}
