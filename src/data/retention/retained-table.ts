/** How retention sees a table: in which order it reads it, and which rows stay although they are old enough. */
import { sql, type RawBuilder } from 'kysely';
import type { RollupKind } from '../rollups/sources.ts';
import type { AgeSetting } from './ages.ts';

/** Why an old row stays. Conditions are about the row under the alias `t`. */
export interface Reason {
  /** for a person: `is about a finding that is open` */
  why: string;
  when: RawBuilder<boolean>;
  /** where it is rows of a table of this list, which may go themselves: see {@link referredBy} */
  by?: Referring;
}

/** Rows of a table that refer to the row `t`, or to which it refers: their `column` is its `to`. */
export interface Referring {
  table: string;
  column: string;
  to: string;
}

/** The row stays because of rows of a table of this list. */
export const referredBy = (why: string, table: string, column: string, to: string): Reason => ({
  why,
  when: sql<boolean>`EXISTS (${rowsReferring({ table, column, to })})`,
  by: { table, column, to },
});

/** These rows, under the alias `r`; conditions may follow. */
export const rowsReferring = ({ table, column, to }: Referring): RawBuilder<unknown> =>
  sql`SELECT FROM ${sql.table(table)} r WHERE ${sql.ref(`r.${column}`)} = ${sql.ref(`t.${to}`)}`;

export interface RetainedTable {
  /** as SQL names it */
  table: string;
  /** the setting with its age; a number: an age in days that is not set */
  age: AgeSetting | number;
  isPlatforms: boolean;
  /** whether it is one table, without partitions or tables that inherit from it: a row's place is known; looked up before rows are removed */
  isPlain?: boolean;
  /** the time by which a row is old, with its type; null: its reasons alone decide */
  time: { column: string; type: 'timestamptz' | 'date' } | null;
  /** unique within a time */
  key: { column: string; type: 'uuid' | 'bigint' | 'text' };
  /** rows that are considered: of a heal with several steps, one */
  only?: RawBuilder<boolean>;
  /** the figures that its rows have to be in before they go */
  figures: RollupKind | null;
  /** the first that applies is the one that is named */
  stays: readonly Reason[];
  /** rows may stay only for rows of the same table that go: it is read again until none goes */
  again?: true;
  /** how many rows are considered at once at most, where others go along with each */
  most?: number;
  /** what is removed by the condition `IN (SELECT key ...)`, where it is not the key */
  removedBy?: string;
  /** what a foreign key of the product's own removes together with the row: tables, with the column that has its key */
  takesAlong?: readonly { table: string; column: string }[];
  /** further parts of the statement; they read `gone`, all columns of what was removed */
  also?: RawBuilder<unknown>;
  /** another job removes its rows by the same age, so that this list only counts them */
  removedByJob?: string;
}

/** The beginning of the day (UTC) that is `days` ago: what is older may go. */
export const cutoffOf = (days: number): RawBuilder<Date> =>
  sql`date_trunc('day', engine.now() - make_interval(days => ${days}::int), 'UTC')`;

/** Why the row `t` stays, as a text; NULL where it may go. */
export const whyStays = ({ stays }: Pick<RetainedTable, 'stays'>): RawBuilder<string | null> =>
  stays.length === 0
    ? sql`NULL::text`
    : sql`CASE ${sql.join(
        stays.map(({ why, when }) => sql`WHEN ${when} THEN ${sql.lit(why)}`),
        sql` `,
      )} END`;

/** The column by which a row is known to what keeps it, and to what goes: of an action its heal. */
export const ownIdOf = ({ key, removedBy = key.column }: RetainedTable): string => removedBy;

/** Whether one of these applies to the row `t`: one condition, which may stand beside others. */
export const anyReason = (reasons: readonly Reason[]): RawBuilder<boolean> =>
  reasons.length === 0
    ? sql<boolean>`false`
    : sql<boolean>`(${sql.join(
        reasons.map(({ when }) => when),
        sql` OR `,
      )})`;

/** Whether its figures are of its own rows, into which rows may come with a time that is long past, as by an import. */
export const isLog = ({ isPlatforms, figures }: RetainedTable): boolean =>
  isPlatforms && figures !== null;
