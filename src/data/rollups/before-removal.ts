/** Days are added up before retention removes rows of them. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { rollUpDay, writeBotMetrics } from './days.ts';
import { rollUpHour, type Span } from './hours.ts';
import { keptDaysDays } from './old-rollups.ts';
import { sources, type RollupKind } from './sources.ts';

const [hourMs, dayMs] = [3_600_000, 86_400_000];

const beginningOf = (time: Date): Date => new Date(Math.floor(+time / dayMs) * dayMs);

/**
 * Until when rows of this kind may be removed, at most until `wanted`, the beginning of a day: null where the job `rollup` has not
 * come that far. `days` are those whose figures are to be looked at first, the oldest first: rows may have come after they were
 * added up, or were there before there was a job.
 */
export async function daysToCheck(
  db: Db,
  kind: RollupKind,
  wanted: Date,
): Promise<{ until: Date | null; days: Span[] }> {
  const { table, time } = sources[kind];
  const { rows } = await sql<{
    done: Date | null;
    removed: Date | null;
    first: Date | null;
    horizon: Date;
  }>`
    SELECT m.done_until AS done, m.removed_until AS removed, date_trunc('day', engine.now(), 'UTC') - make_interval(days => ${keptDaysDays}) AS horizon,
           -- A time before this is that of a clock which is wrong.
           (SELECT min(${sql.ref(time)}) FROM ${sql.table(table)} WHERE ${sql.ref(time)} >= '2000-01-01Z') AS first
    FROM (SELECT) one LEFT JOIN engine.rollup_marks m ON m.kind = ${kind}`.execute(db);
  const { done, removed, first, horizon } = rows[0]!;
  if (done === null) return { until: null, days: [] };
  const until = beginningOf(new Date(Math.min(+wanted, +done)));
  const days: Span[] = [];
  if (first !== null)
    for (
      let at = Math.max(+beginningOf(first), +horizon, removed ? +removed : -Infinity);
      at < +until;
      at += dayMs
    )
      days.push({ from: new Date(at), to: new Date(at + dayMs) });
  return { until, days };
}

/** How many rows of an hour count in its figures. */
async function eventsIn(db: Db, kind: RollupKind, { from, to }: Span): Promise<number> {
  const { time, events } = sources[kind];
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM (${events(sql`${sql.ref(time)} >= ${from} AND ${sql.ref(time)} < ${to}`)}) e`.execute(
    db,
  );
  return rows[0]!.count;
}

const hoursOf = ({ from }: Span): Span[] =>
  Array.from({ length: 24 }, (_, index) => ({
    from: new Date(+from + index * hourMs),
    to: new Date(+from + (index + 1) * hourMs),
  }));

/** Whether the figures of a day lack rows: more count than were added up. Fewer are no reason: some may have been deleted by hand. */
export async function lacksRows(
  db: Db,
  kind: RollupKind,
  day: Span,
  signal: AbortSignal,
): Promise<boolean> {
  const { rows } = await sql<{ events: number }>`
    SELECT coalesce(sum(events), 0)::float8 AS events FROM engine.rollups
    WHERE kind = ${kind} AND period = 'day' AND starts_at = ${day.from}`.execute(db);
  let events = 0;
  for (const hour of hoursOf(day)) {
    signal.throwIfAborted();
    events += await eventsIn(db, kind, hour);
    if (events > rows[0]!.events) return true;
  }
  return false;
}

/** Adds up a day anew, all of it in one transaction: between two hours nothing may remove the figures of the first. */
export async function rollUpWholeDay(
  trx: Transaction<Database>,
  kind: RollupKind,
  day: Span,
): Promise<void> {
  for (const hour of hoursOf(day)) await rollUpHour(trx, kind, hour);
  await rollUpDay(trx, kind, day);
  if (kind === 'bot') await writeBotMetrics(trx, day);
}

/** From now on the hours before `until` are not added up again. */
export const noteRemoval = (trx: Transaction<Database>, kind: RollupKind, until: Date) =>
  sql`UPDATE engine.rollup_marks SET removed_until = greatest(removed_until, ${until}) WHERE kind = ${kind}`.execute(
    trx,
  );
