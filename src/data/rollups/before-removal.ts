/** Days are added up before retention removes rows of them. */
import { sql, type RawBuilder, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { rollUpDay, writeBotMetrics } from './days.ts';
import { rollUpHour, type Span } from './hours.ts';
import { keptDaysDays } from './old-rollups.ts';
import { sources, type RollupKind } from './sources.ts';

const [hourMs, dayMs] = [3_600_000, 86_400_000];

const beginningOf = (time: Date): Date => new Date(Math.floor(+time / dayMs) * dayMs);

/**
 * Between which days the figures of a kind have to be looked at before its rows go. `until`: at most `wanted`, the beginning of a day,
 * and as far as the job `rollup` has come; null where it has not begun. `from`: what was looked at before, and what is older than any
 * figures are kept, is left out.
 */
export async function daysToCheck(
  db: Db,
  kind: RollupKind,
  wanted: Date,
): Promise<{ from: Date; until: Date | null }> {
  const { rows } = await sql<{ done: Date | null; from: Date }>`
    SELECT m.done_until AS done, greatest(m.removed_until,
             date_trunc('day', engine.now() - make_interval(days => ${keptDaysDays}::int), 'UTC')) AS from
    FROM (SELECT) one LEFT JOIN engine.rollup_marks m ON m.kind = ${kind}`.execute(db);
  const { done, from } = rows[0]!;
  return { from, until: done && beginningOf(new Date(Math.min(+wanted, +done))) };
}

/** The first day with rows from `from` on and before `until`; null where there is none. */
export async function dayWithRows(
  db: Db,
  kind: RollupKind,
  { from, to }: Span,
): Promise<Span | null> {
  const { table, time } = sources[kind];
  const at = sql.ref(time);
  const { rows } = await sql<{ first: Date | null }>`
    SELECT min(${at}) AS first FROM ${sql.table(table)} WHERE ${at} >= ${from} AND ${at} < ${to}`.execute(
    db,
  );
  const [{ first }] = rows as [{ first: Date | null }];
  if (first === null) return null;
  const begins = beginningOf(first);
  return { from: begins, to: new Date(+begins + dayMs) };
}

/** So many rows are counted by one statement; a day that has more is counted by hours. */
const maxCounted = 200_000;

/** How many rows of a time count in its figures, `most` at most. */
async function eventsIn(
  db: Db,
  kind: RollupKind,
  { from, to }: Span,
  most: number,
): Promise<number> {
  const { time, events } = sources[kind];
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM (
      SELECT FROM (${events(sql`${sql.ref(time)} >= ${from} AND ${sql.ref(time)} < ${to}`)}) e LIMIT ${most}) counted`.execute(
    db,
  );
  return rows[0]!.count;
}

const hoursOf = ({ from }: Span): Span[] =>
  Array.from({ length: 24 }, (_, index) => ({
    from: new Date(+from + index * hourMs),
    to: new Date(+from + (index + 1) * hourMs),
  }));

/**
 * Whether the figures of a day lack rows: more count than were added up, because rows came later, or were there before there was a
 * rollup. Fewer are no reason: some may have been deleted by hand.
 */
export async function lacksRows(
  db: Db,
  kind: RollupKind,
  day: Span,
  signal: AbortSignal,
): Promise<boolean> {
  const { rows } = await sql<{ events: number }>`
    SELECT coalesce(sum(events), 0)::float8 AS events FROM engine.rollups
    WHERE kind = ${kind} AND period = 'day' AND starts_at = ${day.from}`.execute(db);
  const [{ events: added }] = rows as [{ events: number }];
  const whole = await eventsIn(db, kind, day, maxCounted);
  if (whole > added) return true;
  if (whole < maxCounted) return false;
  let events = 0;
  for (const hour of hoursOf(day)) {
    signal.throwIfAborted();
    events += await eventsIn(db, kind, hour, 2_000_000_000);
    if (events > added) return true;
  }
  return false;
}

/** Adds up a day anew, all of it in one transaction: between two hours nothing may remove the figures of the first. */
export async function rollUpWholeDay(
  trx: Transaction<Database>,
  kind: RollupKind,
  day: Span,
): Promise<void> {
  for (const hour of hoursOf(day))
    if ((await eventsIn(trx, kind, hour, 1)) > 0) await rollUpHour(trx, kind, hour);
  await rollUpDay(trx, kind, day);
  if (kind === 'bot') await writeBotMetrics(trx, day);
}

/** From now on the hours before `until` are not added up again. */
export const noteRemoval = (trx: Transaction<Database>, kind: RollupKind, until: Date) =>
  sql`UPDATE engine.rollup_marks SET removed_until = greatest(removed_until, ${until}) WHERE kind = ${kind}`.execute(
    trx,
  );

/** Before which time all rows of a kind were gone after an earlier removal; null where none was complete. */
export async function clearedUntil(db: Db, kind: RollupKind): Promise<Date | null> {
  const { rows } = await sql<{ at: Date | null }>`
    SELECT cleared_until AS at FROM engine.rollup_marks WHERE kind = ${kind}`.execute(db);
  return rows[0]?.at ?? null;
}

/** No row from before `until` is left. */
export const noteCleared = (trx: Transaction<Database>, kind: RollupKind, until: Date) =>
  sql`UPDATE engine.rollup_marks SET cleared_until = greatest(cleared_until, ${until}) WHERE kind = ${kind}`.execute(
    trx,
  );

/**
 * A part of the statement that removes rows: adds those of `gone` that are older than `cleared` to the figures of their days. They came
 * after all others of that time were counted and gone. Subjects that have no figures there are counted as one.
 */
export function countLate(kind: RollupKind, cleared: Date): RawBuilder<unknown> {
  const { time, events } = sources[kind];
  const at = sql.ref(time);
  const isLate = sql<boolean>`${at} < ${cleared}::timestamptz
    AND ${at} >= date_trunc('day', engine.now() - make_interval(days => ${keptDaysDays}::int), 'UTC')`;
  return sql`late AS (
      INSERT INTO engine.rollups AS r (kind, subject, period, starts_at, events, failures, total_ms, cost)
      SELECT ${kind}::text, e.subject, 'day', e.day, count(*), count(*) FILTER (WHERE failed), coalesce(sum(ms), 0), coalesce(sum(cost), 0)
      FROM (
        SELECT date_trunc('day', l.at, 'UTC') AS day, l.failed, l.ms, l.cost, CASE WHEN EXISTS (
          SELECT FROM engine.rollups k WHERE k.kind = ${kind} AND k.period = 'day' AND k.subject = l.subject
            AND k.starts_at = date_trunc('day', l.at, 'UTC')) THEN l.subject ELSE '(other)' END AS subject
        FROM (${events(isLate, sql`gone`)}) l) e
      GROUP BY e.subject, e.day ORDER BY e.day, e.subject
      ON CONFLICT (kind, period, starts_at, subject) DO UPDATE
      SET events = r.events + excluded.events, failures = r.failures + excluded.failures,
          total_ms = r.total_ms + excluded.total_ms, cost = r.cost + excluded.cost
    )`;
}
