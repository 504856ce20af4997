import { sql } from 'kysely';
import { instant, wholeNumber } from '../faults/bad-input.ts';

/** A time, or how long before the database's present time it was. */
export type Since = Date | { secondsAgo: number };

const century = 36_525 * 86_400;

/** The time as an expression. Throws BadInputError. */
export const timeOf = (since: Since) =>
  since instanceof Date
    ? sql<Date>`${instant('since', since)}::timestamptz`
    : sql<Date>`((SELECT public.bots_now()) - make_interval(secs => ${wholeNumber('secondsAgo', since.secondsAgo, 0, century)}))`;
