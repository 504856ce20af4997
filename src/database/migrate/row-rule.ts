/**
 * Rows of a table that are wrong: `wrong` is a condition on `t`, `why` is the text that follows the column's name.
 */
export interface RowRule {
  table: string;
  column: string;
  wrong: string;
  why: string;
  mend: string;
  /** further tables that the condition reads */
  also?: string[];
}
