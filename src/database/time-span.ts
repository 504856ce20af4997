import { sql, type RawBuilder } from 'kysely';
import { BadInputError, object, instant } from './faults/bad-input.ts';

/**
 * The times from `since` on and before `until`; without `until` the span has no end. Because `until` itself does not
 * belong to it, spans can follow each other without overlap.
 */
export interface TimeSpan {
  since: Date;
  until?: Date | undefined;
}

/** Whether `column` lies in the span. Throws BadInputError for a span that ends before it begins. */
export function isWithin(span: TimeSpan, column: string): RawBuilder<boolean> {
  const { since, until } = object('span', span);
  const at = sql.ref(column);
  const from = instant('since', since);
  if (until === undefined) return sql<boolean>`${at} >= ${from}`;
  const to = instant('until', until);
  if (to < from) throw new BadInputError('until', 'must not lie before since');
  return sql<boolean>`(${at} >= ${from} AND ${at} < ${to})`;
}
