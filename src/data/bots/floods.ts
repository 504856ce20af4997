/**
 * A flood: one finding of a check stands for many others of the same check that came at once, such as the alarms of a source
 * (src/sources/flood.ts). These are its parts: they stand behind it, and while it is open none of them gets a ticket of its own, whatever
 * its severity, also where people are not told of the flood. Its metadata has the property `flood`.
 */
import { sql } from 'kysely';

const flood = 'flood';

/** The metadata of a flood's finding, beside what else it says. */
export const floodMetadata = (figures: object): Record<string, unknown> => ({ [flood]: figures });

/** Whether the finding under the first alias is the flood of which the finding under the other may be a part. */
export const isFloodOf = (cause: string, part: string) => {
  const of = (table: string, name: string) => sql.ref(`${table}.${name}`);
  return sql<boolean>`(${of(cause, 'bot_id')} = ${of(part, 'bot_id')} AND ${of(cause, 'check_name')} = ${of(part, 'check_name')}
    AND coalesce(${of(cause, 'metadata')} ? ${sql.lit(flood)}, false))`;
};

/** `floods`: the open floods of the bots of `runs`, which it reads. */
export const findFloods = sql`floods AS MATERIALIZED (
    SELECT f.id, f.bot_id, f.check_name FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL
    WHERE f.metadata ? ${sql.lit(flood)}
  )`;

/** Whether the finding under this alias is a part of one of these. */
export const isInFlood = (alias: string) => {
  const of = (name: string) => sql.ref(`${alias}.${name}`);
  return sql<boolean>`((${of('suppressed_by')}, ${of('bot_id')}, ${of('check_name')}) IN (SELECT id, bot_id, check_name FROM floods)) IS TRUE`;
};
