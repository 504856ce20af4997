import { exitCodes, RoundsmanError } from '../../ground/errors.ts';

/** What a signal ends, and what is true after it. */
const stopped = {
  backup: {
    what: 'the backup was stopped',
    hint: 'run it again; a backup that was written to its end before that stays, and `npx roundsman db backups` shows it as not proven',
  },
  proof: {
    what: 'the proof of the backup was stopped',
    hint: 'run it again; the backup is as it was',
  },
  restore: {
    what: 'the restore was stopped',
    hint: 'run it again; unless it had just ended, the database is as it was before',
  },
};

/** Ctrl-C, or a request to end, while a backup was made, verified or restored: what was begun has been cleaned up. */
export class StoppedBackupError extends RoundsmanError {
  override readonly exitCode = exitCodes.interrupted;

  constructor(work: keyof typeof stopped, signal: string) {
    super({ ...stopped[work], why: `the command got the signal ${signal}` });
  }
}

/** Runs work that a signal ends, so that it can clean up. */
export async function untilInterrupted<Result>(
  name: keyof typeof stopped,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const stop = new AbortController();
  const end = (sent: NodeJS.Signals) => stop.abort(new StoppedBackupError(name, sent));
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return await work(stop.signal);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
  }
}
