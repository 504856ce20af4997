import pg from 'pg';
import { RoundsmanError } from '../../ground/errors.ts';
import { explaining, type ErrorClasses } from './constraint-errors.ts';
import { denied } from './sql-states.ts';

/**
 * Row level security or a missing grant refused the statement; `why` names the table. The statement changed nothing.
 */
export class AccessDeniedError extends RoundsmanError {
  /** the column whose value belongs to another user; null where that is not known */
  readonly field: string | null;

  constructor(why: string, field: string | null, options?: ErrorOptions) {
    super(
      {
        what: 'the database does not allow you to do this',
        why,
        hint: 'work on your own rows, or run it as the platform with asService()',
      },
      options,
    );
    this.field = field;
  }
}

/**
 * Returns an {@link AccessDeniedError} when the database refused access, and any other error as it is. `field` is the
 * column that the policy of the written table compares with the user.
 */
export function accessDenied(error: unknown, field: string | null = null): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code !== denied) return error;
  // A missing grant concerns the whole table; only WITH CHECK concerns the values of the row.
  const about = error.routine === 'ExecWithCheckOptions' ? field : null;
  const why = about ? `${about} has to be your own: ${error.message}` : error.message;
  return new AccessDeniedError(why, about, { cause: error });
}

/** Runs `work` as {@link explaining} does. Where a policy refuses a row that `work` writes, the error names the column `field`. */
export async function explainingAccess<Result>(
  what: string,
  field: string,
  work: () => Promise<Result>,
  classes: ErrorClasses = {},
): Promise<Result> {
  try {
    return await explaining(what, classes, work);
  } catch (error) {
    throw accessDenied(error, field);
  }
}
