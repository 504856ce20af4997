import { sql, type RawBuilder } from 'kysely';
import { BadInputError, fields, time } from './faults/bad-input.ts';

/**
 * From `since` on, and before `until` or without an end: half-open, so that spans can follow each other without
 * overlap.
 */
export interface TimeSpan {
  since: Date;
  until?: Date | undefined;
}

/** Whether `column` lies in the span. Throws BadInputError for a span that ends before it begins. */
export function within(span: TimeSpan, column: string): RawBuilder<boolean> {
  const { since, until } = fields('span', span);
  const at = sql.ref(column);
  const from = time('since', since);
  if (until === undefined) return sql<boolean>`${at} >= ${from}`;
  const to = time('until', until);
  if (to < from) throw new BadInputError('until', 'must not lie before since');
  return sql<boolean>`(${at} >= ${from} AND ${at} < ${to})`;
}
