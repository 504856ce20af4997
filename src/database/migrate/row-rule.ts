/** A rule for the rows of a table. */
export interface RowRule {
  table: string;
  column: string;
  /** an SQL condition that holds for the rows that break the rule; `t` is the table's alias */
  wrong: string;
  /** the text that follows the column's name in the difference */
  why: string;
  /** how a person repairs such rows: a statement, or words */
  mend: string;
  /** further tables that the condition reads */
  alsoReads?: string[];
}
