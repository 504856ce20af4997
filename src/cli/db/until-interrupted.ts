import { exitCodes, RoundsmanError } from '../../ground/errors.ts';

/** Ctrl-C, or a request to end, while a backup was made, verified or restored: what was begun has been cleaned up. */
export class StoppedBackupError extends RoundsmanError {
  override readonly exitCode = exitCodes.interrupted;

  constructor(signal: string) {
    super({
      what: 'the backup or its restore was stopped',
      why: `the command got the signal ${signal}`,
      hint: 'run it again; a backup that was written to its end before that stays, and `npx roundsman db backups` shows it as not proven',
    });
  }
}

/** Runs work that a signal ends, so that it can clean up. */
export async function untilInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const end = (name: NodeJS.Signals) => stop.abort(new StoppedBackupError(name));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}
