/** Turns refusals of the database into errors that name the table, the column and the rule. */
import pg from 'pg';
import { exitCodes, RoundsmanError, type Explanation } from '../../ground/errors.ts';

/** A write would have broken a rule of the database. The statement changed nothing. */
export class ConstraintError extends RoundsmanError {
  override readonly exitCode: number;
  override readonly retryable: boolean;
  /** null if PostgreSQL does not say */
  readonly table: string | null;
  /** several, with commas, if the rule covers several; null if PostgreSQL does not say */
  readonly column: string | null;
  readonly constraint: string | null;
  /** PostgreSQL's code of five characters */
  readonly code: string;

  constructor(explanation: Explanation, refused: pg.DatabaseError) {
    super(explanation, { cause: refused });
    this.code = refused.code ?? '';
    this.exitCode = this.code === '23503' ? exitCodes.notFound : exitCodes.usage;
    this.retryable = this.code in temporaryRules;
    this.table = refused.table ?? null;
    this.column = columnOf(refused);
    this.constraint = refused.constraint ?? null;
  }
}

/** Which class of error stands for which refusal. The key is the constraint, or the code if the error names none. */
export type ErrorClasses = Record<string, typeof ConstraintError>;

const rules: Record<string, string> = {
  '22001': 'is longer than its column',
  '22003': 'is a number outside of its range',
  '22007': 'is not a time',
  '22008': 'is a time outside of its range',
  '22021': 'contains a NUL or another character that cannot be stored',
  '22P02': 'is not written in the form of its type',
  '22P05': 'contains a NUL or another character that cannot be stored',
  '23001': 'cannot be removed',
  '23502': 'is missing',
  '23503': 'names a row that does not exist',
  '23505': 'is taken',
  '23514': 'is not allowed',
  '0A000': 'cannot be done here',
};

/** Refusals whose cause soon ends by itself, so that the same call may then succeed: code -> rule. */
const temporaryRules: Record<string, string> = {
  '40001': 'was changed by another transaction at the same time',
  '40P01': 'was changed by another transaction at the same time',
  '55P03': 'was held by another transaction for too long',
};

/**
 * The column that the error names, or the columns of the key in its detail, without their values. Under row level
 * security the error has no detail: then the columns are read from the constraint's name, `<table>_<columns>_<kind>`.
 */
function columnOf({ column, detail, constraint, table }: pg.DatabaseError): string | null {
  if (column) return column;
  const key = /^Key \(([^)]*)\)=/.exec(detail ?? '')?.[1];
  if (key) return key;
  const named = new RegExp(`^${table}_(.+)_(?:check|fkey|key)$`).exec(constraint ?? '')?.[1];
  return named?.replaceAll('_id_', '_id, ') ?? null;
}

// Messages of our own triggers give the rule in full; PostgreSQL's own messages give only its name.
const isOurs = ({ routine }: pg.DatabaseError) => routine === 'exec_stmt_raise';

/** Returns the class in `classes`, or a ConstraintError, for a refusal of the database, and any other error as it is. */
export function explainRefusal(error: unknown, what: string, classes: ErrorClasses = {}): unknown {
  if (!(error instanceof pg.DatabaseError)) return error;
  const rule = rules[error.code ?? ''] ?? temporaryRules[error.code ?? ''];
  if (!rule) return error;
  const column = columnOf(error);
  const place = [error.table, column].filter(Boolean).join('.') || 'a value';
  const check = error.code === '23514' && error.constraint ? ` (${error.constraint})` : '';
  const explanation = {
    what,
    why: isOurs(error) ? error.message : `${place} ${rule}${check}`,
    hint:
      isOurs(error) && error.hint ? error.hint : 'nothing was changed; correct it and call again',
  };
  return new (classes[error.constraint ?? error.code ?? ''] ?? ConstraintError)(explanation, error);
}

/** Runs `work`. A refusal of the database is thrown as its class in `classes`, else as ConstraintError. */
export async function explaining<Result>(
  what: string,
  classes: ErrorClasses,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw explainRefusal(error, what, classes);
  }
}
