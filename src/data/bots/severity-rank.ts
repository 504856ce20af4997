/** The order of severities in SQL: by rank, never by their text. */
import { sql, type RawBuilder } from 'kysely';
import { severities } from '../../ground/severity.ts';

/** All severities, the worst first, as an array literal for SQL. */
export const severityWords = sql.lit(`{${severities.join(',')}}`);

/** The rank of a severity, given as SQL of type text: from 1 for critical to 5 for info. */
export const rankOf = (severity: RawBuilder<unknown>) =>
  sql<number>`array_position(${severityWords}::text[], ${severity}::text)`;

/** The rank of the severity in a column. */
export const severityRank = (column: string) => rankOf(sql.ref(column));

/** Whether the severity `to` is worse than `from`; both are SQL of type text. */
export const rises = (from: RawBuilder<unknown>, to: RawBuilder<unknown>) =>
  sql<boolean>`(${rankOf(to)} < ${rankOf(from)})`;
