/** `engine.inbox` and `engine.sources`: what arrived. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** A delivery as {@link receiveDeliveries} takes it. */
export interface NewDelivery {
  bot_id: string;
  delivery_id: string;
  /** the same content is a delivery of its own when it comes that much later; null: never */
  again_seconds: number | null;
  /** and also sooner, where another state of one of its alarms has arrived since */
  again_overtaken: boolean;
  sent_at: string | null;
  event: string;
  secret: string;
  alarms: readonly unknown[];
  ignored: string | null;
}

/** `twice`: it is there already. `gone`: there is no such bot. */
export type Received = 'new' | 'twice' | 'gone';

/** Writes them in one commit; one word for each, in their order. Locks engine.sources by bot_id. */
export async function receiveDeliveries(
  db: Db,
  deliveries: readonly NewDelivery[],
): Promise<Received[]> {
  const { rows } = await sql<{ answer: Received[] }>`
    SELECT engine.receive(${JSON.stringify(deliveries)}::jsonb) AS answer`.execute(db);
  return rows[0]!.answer;
}

export interface UnreadDelivery {
  number: string;
  received_at: Date;
  event: string;
  alarms: unknown;
  ignored: string | null;
  /** characters of `alarms` as JSON */
  size: number;
}

/** The source of a run's bot: what has arrived, by the database's clock. */
export interface SourceState {
  bot_id: string;
  bot: string;
  created_at: Date;
  last_number: string | null;
  last_received_at: Date | null;
}

export async function sourceOfRun(db: Db, run: string): Promise<SourceState> {
  const { rows } = await sql<SourceState>`
    SELECT b.id AS bot_id, b.name AS bot, b.created_at, s.last_number, s.last_received_at
    FROM bot_executions e JOIN bots b ON b.id = e.bot_id LEFT JOIN engine.sources s ON s.bot_id = b.id
    WHERE e.id = ${run}::uuid`.execute(db);
  if (!rows[0]) throw new Error(`there is no run ${run}`);
  return rows[0];
}

/** The deliveries after `number`, in the order of their commits, `limit` at most; `since`: only those that arrived after it. */
export async function unreadDeliveries(
  db: Db,
  botId: string,
  { after, limit, since = null }: { after: string; limit: number; since?: Date | null },
): Promise<UnreadDelivery[]> {
  const { rows } = await sql<UnreadDelivery>`
    SELECT number, received_at, event, alarms, ignored, length(alarms::text) AS size
    FROM engine.inbox
    WHERE bot_id = ${botId}::uuid AND number > ${after}::bigint AND coalesce(received_at > ${since}::timestamptz, true)
    ORDER BY number LIMIT ${limit}`.execute(db);
  return rows;
}

/**
 * Keys of alarms that ended and whose cure, or recovery by itself, is not concluded yet: the sender has said nothing since, so they are still
 * clean.
 */
export async function keysInHoldWindow(db: Db, botId: string, check: string): Promise<string[]> {
  const { rows } = await sql<{ component_key: string }>`
    SELECT s.component_key FROM bot_finding_states s
    WHERE s.bot_id = ${botId}::uuid AND s.check_name = ${check} AND s.clean_in_row > 0
      AND (EXISTS (SELECT FROM bot_actions a WHERE a.fingerprint = s.fingerprint AND a.state = 'verified')
        OR EXISTS (SELECT FROM bot_decisions d WHERE d.fingerprint = s.fingerprint AND d.outcome = 'pending'
                   AND d.hold_until IS NOT NULL))
    ORDER BY s.fingerprint LIMIT 1000`.execute(db);
  return rows.map(({ component_key }) => component_key);
}
