/** Tells what says that a backup is bad from what kept its proof from being carried out. */
import { denied, meaningOf, stateOf } from '../../database/faults/sql-states.ts';
import { DamagedBackupError } from '../archive/tar.ts';
import { RestoreFailedError } from './failed.ts';
import { UnprovenError } from './prove.ts';
import { TransactionEndedError } from './refuse-end.ts';

/** The database of the proof lacks an extension or a feature, or its login a right: in another one the backup may be restored. */
const lacksIt = new Set(['0A000', '58P01', denied]);

/**
 * False for a full disk, a lost connection, a missing identity and the like: they say nothing about the backup. What was known of its proof
 * before stays.
 */
export function isAboutBackup(error: unknown): boolean {
  if (error instanceof UnprovenError || error instanceof DamagedBackupError) return true;
  if (error instanceof TransactionEndedError) return true;
  if (!(error instanceof RestoreFailedError)) return false;
  if (error.cause === undefined) return true;
  const state = stateOf(error.cause);
  return state.length === 5 && !lacksIt.has(state) && meaningOf(error.cause) === null;
}
