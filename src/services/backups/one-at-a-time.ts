import { backupLock } from '../../data/backups/rows.ts';
import { connectAlone } from '../../database/connect.ts';
import { RoundsmanError } from '../../ground/errors.ts';

/** Another process makes a backup of this database at this moment. */
export class BackupUnderWayError extends RoundsmanError {
  override readonly retryable = true;
}

/**
 * Lets only one process at a time make a backup of a database: its session holds the lock, and ends with the process. Throws
 * {@link BackupUnderWayError}.
 */
export async function oneAtATime<Result>(
  url: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const session = await connectAlone(url, { name: 'roundsman backup', primary: true });
  const lost = new AbortController();
  session.on('end', () => lost.abort(new Error('the connection to the database was lost')));
  try {
    const { rows } = await session.query<{ free: boolean }>(
      'SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS free',
      [backupLock],
    );
    if (!rows[0]!.free)
      throw new BackupUnderWayError({
        what: 'no backup was made',
        why: 'another process is making one of this database',
        hint: '`npx roundsman db backups` shows it; try again when it has ended',
      });
    return await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    session.removeAllListeners('end');
    await session.end().catch(() => {});
  }
}
