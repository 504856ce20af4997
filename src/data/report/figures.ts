/** Findings, heals, tickets and messages of several periods between `bounds`: each begins at one bound and ends before the next. */
import { sql, type RawBuilder } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { isReopening } from '../bots/bot-tickets.ts';

type Bounds = readonly Date[];

const period = (at: RawBuilder<unknown>, bounds: Bounds) =>
  sql`width_bucket(${at}, ${bounds}::timestamptz[]) - 1`;

const isWithin = (at: RawBuilder<unknown>, bounds: Bounds) =>
  sql`(${at} >= ${bounds[0]} AND ${at} < ${bounds.at(-1)})`;

export interface PeriodCount {
  /** from 0 */
  period: number;
  word: string;
  count: number;
}

/** Findings by severity, in the period in which they were detected. */
export async function foundIn(db: Db, bounds: Bounds): Promise<PeriodCount[]> {
  const at = sql`f.detected_at`;
  const { rows } = await sql<PeriodCount>`
    SELECT ${period(at, bounds)} AS period, f.severity AS word, count(*)::int AS count FROM bot_findings f
    WHERE ${isWithin(at, bounds)} GROUP BY 1, 2`.execute(db);
  return rows;
}

/** Heals by the state of their last step, in the period of that step; without actions of the platform's own code. */
export async function healsIn(db: Db, bounds: Bounds): Promise<PeriodCount[]> {
  const at = sql`a.taken_at`;
  const { rows } = await sql<PeriodCount>`
    SELECT ${period(at, bounds)} AS period, a.state AS word, count(*)::int AS count
    FROM (SELECT DISTINCT ON (a.heal_id) a.taken_at, a.state FROM bot_actions a
          WHERE ${isWithin(at, bounds)} AND a.fingerprint NOT LIKE 'external-%' ORDER BY a.heal_id, a.step DESC) a
    GROUP BY 1, 2`.execute(db);
  return rows;
}

/**
 * Tickets that were opened (those of storms also count as `storm`), that were resolved and still are, how often tickets were
 * reopened, and tickets that passed their response target before a person acknowledged them and before they ended.
 */
export async function ticketsIn(db: Db, bounds: Bounds): Promise<PeriodCount[]> {
  const [opened, resolved, target] = [sql`t.created_at`, sql`t.resolved_at`, sql`t.respond_by`];
  const reopened = sql`e.created_at`;
  const { rows } = await sql<PeriodCount>`
    SELECT ${period(opened, bounds)} AS period, 'opened' AS word, count(*)::int AS count FROM bot_tickets t
    WHERE ${isWithin(opened, bounds)} GROUP BY 1
    UNION ALL
    SELECT ${period(opened, bounds)}, 'storm', count(*)::int FROM bot_tickets t
    WHERE ${isWithin(opened, bounds)} AND t.metadata ? 'storm' GROUP BY 1
    UNION ALL
    SELECT ${period(resolved, bounds)}, 'resolved', count(*)::int FROM bot_tickets t
    WHERE ${isWithin(resolved, bounds)} GROUP BY 1
    UNION ALL
    SELECT ${period(reopened, bounds)}, 'reopened', count(*)::int FROM bot_ticket_events e
    WHERE ${isWithin(reopened, bounds)} AND ${isReopening('e')} GROUP BY 1
    UNION ALL
    SELECT ${period(target, bounds)}, 'past_target', count(*)::int FROM bot_tickets t
    WHERE ${isWithin(target, bounds)} AND t.respond_by <= engine.now() AND t.merged_into IS NULL
      AND (t.acknowledged_at IS NULL OR t.acknowledged_at > t.respond_by)
      AND (t.resolved_at IS NULL OR t.resolved_at > t.respond_by) GROUP BY 1`.execute(db);
  return rows;
}

/** Messages that were sent or have failed, in the period in which they were made. */
export async function messagesIn(db: Db, bounds: Bounds): Promise<PeriodCount[]> {
  const at = sql`n.created_at`;
  const { rows } = await sql<PeriodCount>`
    SELECT ${period(at, bounds)} AS period, n.status AS word, count(*)::int AS count FROM bot_notifications n
    WHERE ${isWithin(at, bounds)} AND n.status IN ('sent', 'failed') GROUP BY 1, 2`.execute(db);
  return rows;
}
