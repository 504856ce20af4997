/** The order of severities in SQL: by rank, never by their text. */
import { sql } from 'kysely';
import { severities } from '../../ground/severity.ts';

/** All severities, the worst first, as an array literal for SQL. */
export const severityWords = sql.lit(`{${severities.join(',')}}`);

/** 1 for critical to 5 for info: SQL orders severities by rank, never by their text. */
export const severityRank = (column: string) =>
  sql<number>`array_position(${severityWords}::text[], ${sql.ref(column)}::text)`;
