/** Rows of a table that are wrong: `wrong` is a condition on `t`, `why` says it as words after the column. */
export interface RowRule {
  table: string;
  column: string;
  wrong: string;
  why: string;
  mend: string;
  /** further tables that the condition reads */
  also?: string[];
}
