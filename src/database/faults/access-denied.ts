import pg from 'pg';
import { RoundsmanError } from '../../ground/errors.ts';
import { denied } from './sql-states.ts';

/** Row level security or a missing grant stood in the way; `why` names the table. Nothing was kept. */
export class AccessDeniedError extends RoundsmanError {
  /** the column whose value belongs to another user; null where that is not known */
  readonly field: string | null;

  constructor(why: string, field: string | null, options?: ErrorOptions) {
    super(
      {
        what: 'the database does not allow this to you',
        why,
        hint: 'work on your own rows, or run it as the platform with asService()',
      },
      options,
    );
    this.field = field;
  }
}

/**
 * What was thrown, or the named error when the database refused access. `field`: the column that the
 * policy of the written table compares with the user.
 */
export function accessDenied(error: unknown, field: string | null = null): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code !== denied) return error;
  // A grant is about the table; only WITH CHECK is about what the row says.
  const about = error.routine === 'ExecWithCheckOptions' ? field : null;
  const why = about ? `${about} has to be your own: ${error.message}` : error.message;
  return new AccessDeniedError(why, about, { cause: error });
}
