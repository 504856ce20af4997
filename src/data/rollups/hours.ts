import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import { sources, type RollupKind } from './sources.ts';

/** An hour or a day, in UTC: `from` belongs to it, `to` does not. */
export interface Span {
  from: Date;
  to: Date;
}

const hourMs = 3_600_000;

/** How many days back the first rollup goes: five weeks, so that an hour can be compared with the same hour of four weeks before. */
const firstDays = 35;

/**
 * How many hours before the mark (`done_until`, until when a kind is added up) are added up again, to count rows of transactions
 * that committed late.
 */
const recountedHours = 2;

/**
 * How many hours are added up again together with the first hours of a day: rows that are written from log files, or sent by apps
 * that were offline, come up to a day late.
 */
const recountedHoursDaily = 48;

/**
 * How many subjects of an hour get figures of their own, those with the most events: clients may send requests to any number of
 * different paths.
 */
const maxSubjects = 1_000;

/**
 * The ended hours that have to be added up, the oldest first; where there is nothing yet, the last one. Once a day also earlier hours
 * that have rows and no figures, because logs of that time were imported since. Never hours of days of which retention has removed
 * rows: what is left of them would take the place of all that was counted.
 */
export async function hoursToRollUp(db: Db, kind: RollupKind): Promise<Span[]> {
  const { table, time, comesLate } = sources[kind];
  const { rows } = await sql<{ from: Date; to: Date; is_daily: boolean }>`
    WITH this AS (SELECT date_trunc('hour', engine.now(), 'UTC') AS hour), mark AS (
      SELECT done_until, removed_until, ${comesLate}::boolean AND done_until < date_trunc('day', this.hour, 'UTC') AS is_daily
      FROM this LEFT JOIN engine.rollup_marks ON kind = ${kind}
    )
    SELECT this.hour AS to, coalesce(is_daily, false) AS is_daily, greatest(removed_until, date_trunc('hour', coalesce(
      CASE WHEN done_until IS NOT NULL THEN least(done_until, this.hour) END
        - make_interval(hours => CASE WHEN is_daily THEN ${sql.lit(recountedHoursDaily)} ELSE ${sql.lit(recountedHours)} END),
      (SELECT greatest(least(min(${sql.ref(time)}), this.hour - interval '1 hour'), this.hour - make_interval(days => ${firstDays}))
       FROM ${sql.table(table)})), 'UTC')) AS "from"
    FROM this, mark`.execute(db);
  const { from, to, is_daily } = rows[0]!;
  const past = is_daily ? await hoursWithoutFigures(db, kind, from) : [];
  const hours: Span[] = [...past];
  for (let at = +from; at < +to; at += hourMs) hours.push(spanFrom(new Date(at)));
  return hours;
}

const spanFrom = (from: Date): Span => ({ from, to: new Date(+from + hourMs) });

/** Hours with figures are not added up again, because their rows may have been deleted. */
async function hoursWithoutFigures(db: Db, kind: RollupKind, until: Date): Promise<Span[]> {
  const { time, events } = sources[kind];
  const column = sql.ref(time);
  const { rows } = await sql<{ hour: Date }>`
    SELECT hour FROM generate_series(
      date_trunc('hour', engine.now(), 'UTC') - make_interval(days => ${firstDays}), ${until}::timestamptz - interval '1 hour',
      interval '1 hour') hour
    WHERE hour >= coalesce((SELECT removed_until FROM engine.rollup_marks WHERE kind = ${kind}), '-infinity')
      AND NOT EXISTS (SELECT FROM engine.rollups WHERE kind = ${kind} AND period = 'hour' AND starts_at = hour)
      AND EXISTS (SELECT FROM (${events(sql`${column} >= hour AND ${column} < hour + interval '1 hour'`)}) e)
    ORDER BY hour`.execute(db);
  return rows.map(({ hour }) => spanFrom(hour));
}

/**
 * Adds up one hour, in place of what was added up before, and moves the mark forward to the hour's end; a mark that lies in the
 * future moves back. Returns how many rows of figures the hour has.
 */
export async function rollUpHour(
  trx: Transaction<Database>,
  kind: RollupKind,
  { from, to }: Span,
): Promise<number> {
  const { time, events } = sources[kind];
  const column = sql.ref(time);
  await sql`
    DELETE FROM engine.rollups WHERE kind = ${kind} AND period = 'hour' AND starts_at = ${from}`.execute(
    trx,
  );
  const { numAffectedRows } = await sql`
    WITH counted AS (
      SELECT subject, count(*) AS events, count(*) FILTER (WHERE failed) AS failures, coalesce(sum(ms), 0) AS total_ms, coalesce(sum(cost), 0) AS cost,
             row_number() OVER (ORDER BY count(*) DESC, subject) > ${sql.lit(maxSubjects)} AS is_other
      FROM (${events(sql`${column} >= ${from} AND ${column} < ${to}`)}) e
      GROUP BY subject
    )
    INSERT INTO engine.rollups (kind, subject, period, starts_at, events, failures, total_ms, cost)
    SELECT ${kind}, CASE WHEN is_other THEN '(other)' ELSE subject END, 'hour', ${from}, sum(events), sum(failures), sum(total_ms), sum(cost)
    FROM counted GROUP BY 2`.execute(trx);
  await sql`
    INSERT INTO engine.rollup_marks (kind, done_until) VALUES (${kind}, ${to})
    ON CONFLICT (kind) DO UPDATE
    SET done_until = greatest(least(rollup_marks.done_until, date_trunc('hour', engine.now(), 'UTC')), excluded.done_until)`.execute(
    trx,
  );
  return Number(numAffectedRows ?? 0);
}
