/** Subscriptions that have outlived their period and its grace. */
import { sql, type Transaction } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';

/** Until when a subscription may wait: those whose period ended earlier are over. */
export interface GraceUntil {
  /** of active ones, for their renewal, and of canceled ones */
  period: Date;
  /** of those that are past_due */
  pastDue: Date;
}

/** The status of the row does not say that it has ended, and it has. */
const isOver = ({ period, pastDue }: GraceUntil) => sql`
  s.status IN ('active', 'past_due', 'canceled')
  AND s.current_period_end < CASE s.status WHEN 'past_due' THEN ${pastDue}::timestamptz ELSE ${period}::timestamptz END`;

/**
 * One that renews itself was most probably not renewed: the provider told of a newer period of another one since. Without such news
 * it may be the news that is missing, and its user may have paid. `newest` are the newest periods by provider, as JSON.
 */
const isSure = (newest: string) => sql`
  (s.status <> 'active' OR s.cancel_at_period_end IS TRUE
    OR s.current_period_end < (${newest}::jsonb ->> s.provider)::timestamptz)`;

/** When the newest period began that each provider told of, as JSON. */
export async function newestPeriods(db: Db): Promise<string> {
  const { rows } = await sql<{ newest: string }>`
    SELECT coalesce(jsonb_object_agg(provider, newest), '{}')::text AS newest FROM (
      SELECT provider, max(current_period_start) AS newest FROM subscriptions
      WHERE current_period_start <= engine.now() GROUP BY provider) periods WHERE newest IS NOT NULL`.execute(
    db,
  );
  return rows[0]!.newest;
}

/** How many are over and may have been renewed without this database knowing. */
export async function countUnsure(db: Db, grace: GraceUntil, newest: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM subscriptions s WHERE ${isOver(grace)} AND NOT coalesce(${isSure(newest)}, false)`.execute(
    db,
  );
  return rows[0]!.count;
}

/**
 * The ids of so many of those that are over, in their order, after this id; null: from the first one.
 */
export async function readOutlived(
  db: Db,
  grace: GraceUntil,
  newest: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT s.id FROM subscriptions s
    WHERE ${isOver(grace)} AND ${isSure(newest)} AND (${after}::uuid IS NULL OR s.id > ${after}::uuid)
    ORDER BY s.id LIMIT ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/**
 * Ends those of these that are over: `expired`. What the provider told of them last stays, so that a renewal that it tells of later
 * still counts. Then their users' profiles follow: one without another subscription that is paid for becomes `expired` and keeps its tier;
 * one that has another one gets the tier of that. No credits and no payments are touched. Locks the subscriptions, then the profiles,
 * each in the order of their ids; subscriptions that others hold are skipped.
 */
export async function expireOutlived(
  trx: Transaction<Database>,
  grace: GraceUntil,
  newest: string,
  ids: readonly string[],
): Promise<{ subscriptions: number; profiles: number }> {
  const { rows: ended } = await sql<{ user_id: string | null }>`
    WITH over AS (
      SELECT s.id FROM subscriptions s WHERE s.id = ANY (${ids}::uuid[]) AND ${isOver(grace)} AND ${isSure(newest)}
      ORDER BY s.id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE subscriptions s SET status = 'expired' FROM over WHERE s.id = over.id RETURNING s.user_id`.execute(
    trx,
  );
  const users = [...new Set(ended.map(({ user_id }) => user_id).filter((id) => id !== null))];
  if (users.length === 0) return { subscriptions: ended.length, profiles: 0 };
  await sql`SELECT FROM profiles WHERE id = ANY (${users}::uuid[]) ORDER BY id FOR NO KEY UPDATE`.execute(
    trx,
  );
  const { rows: followed } = await sql`
    UPDATE profiles p
    SET subscription_status = CASE WHEN paid.id IS NULL THEN 'expired' ELSE p.subscription_status END,
        subscription_tier = coalesce(paid.tier, p.subscription_tier),
        subscription_id = CASE WHEN length(paid.provider_subscription_id) <= 100 THEN paid.provider_subscription_id ELSE p.subscription_id END
    FROM unnest(${users}::uuid[]) AS u (id) LEFT JOIN LATERAL (
      SELECT s.* FROM subscriptions s
      WHERE s.user_id = u.id AND (s.status IN ('active', 'past_due')
        OR (s.status = 'canceled' AND coalesce(s.current_period_end >= ${grace.period}::timestamptz, true)))
      ORDER BY s.status = 'active' DESC, s.current_period_end DESC NULLS FIRST, s.id LIMIT 1
    ) paid ON true
    WHERE p.id = u.id AND p.subscription_status IN ('active', 'canceled')
      AND (paid.id IS NULL OR (p.subscription_status = 'active' AND p.subscription_tier IS DISTINCT FROM paid.tier))
    RETURNING p.id`.execute(trx);
  return { subscriptions: ended.length, profiles: followed.length };
}
