import { stateOf } from '../../database/faults/sql-states.ts';
import { messageOf, RoundsmanError } from '../../ground/errors.ts';

/** A statement of the backup failed; nothing was restored. */
export class RestoreFailedError extends RoundsmanError {}

const unresolvedHint =
  'where a function or a condition of the backup names others without their schema, give it a path in the database that is backed up (ALTER FUNCTION ... SET search_path = public), and make another backup. A row of a type such as regclass may name what is in no backup';

/** Makes what a statement has failed at readable: what was to be made, and the server's words. */
export function failed(statement: string, error: unknown): RestoreFailedError {
  const line = statement
    .split('\n')
    .find((each) => each.trim() !== '' && !each.startsWith('--'))
    ?.slice(0, 200);
  const state = stateOf(error);
  const hints: Record<string, string> = {
    '0A000': 'install that extension on the server, or restore into a server that has it',
    '58P01': 'install that extension on the server, or restore into a server that has it',
    '42501':
      'restore as a superuser, or as the owner of the database with the roles made beforehand',
    '42883': unresolvedHint,
    '42P01': unresolvedHint,
    '42704': unresolvedHint,
    '53200': 'raise max_locks_per_transaction of the server: a restore locks every table at once',
  };
  return new RestoreFailedError(
    {
      what: 'the backup could not be restored; the database is as it was',
      why: `${line ?? 'a statement'}: ${messageOf(error)}`,
      hint:
        hints[state ?? ''] ??
        'the server may be older than the one of the backup, or lack something that it had',
    },
    { cause: error },
  );
}
