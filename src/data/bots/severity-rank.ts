/** The order of severities in SQL: by rank, never by their text. */
import { sql, type RawBuilder } from 'kysely';
import { severities } from '../../ground/severity.ts';

/** All severities, the worst first, as an array literal for SQL. */
export const severityWords = sql.lit(`{${severities.join(',')}}`);

/** 1 for critical to 5 for info: SQL orders severities by rank, never by their text. */
export const severityRank = (column: string) =>
  sql<number>`array_position(${severityWords}::text[], ${sql.ref(column)}::text)`;

/** Whether the severity `to` is worse than `from`; both are SQL of type text. */
export const rises = (from: RawBuilder<unknown>, to: RawBuilder<unknown>) =>
  sql<boolean>`(array_position(${severityWords}::text[], ${to}::text) < array_position(${severityWords}::text[], ${from}::text))`;
