/** How many messages a channel got lately, and so when the next one goes out: one outage is few messages. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../../database/connect.ts';

/** How many messages go out at once. With one more about the rest there are three, whatever breaks. */
const maxAtOnce = 2;
const gatherMs = 30_000;
/** From this number of single messages in 10 minutes on a channel is busy, and messages wait longer for each other. */
const busyFrom = 20;
const busyMs = 5 * 60_000;

export interface Pace {
  now: Date;
  /** urgent messages that may still go out now */
  left: number;
  isBusy: boolean;
  /** when the messages that wait are sent; null if none waits */
  gathersUntil: Date | null;
}

export async function paceOf(
  trx: Transaction<Database>,
  channels: readonly string[],
  editing: readonly string[],
): Promise<Map<string, Pace>> {
  const { rows } = await sql<{
    name: string;
    now: Date;
    at_once: number;
    single: number;
    waiting: number;
    until: Date | null;
  }>`
    SELECT c.name, engine.now() AS now,
           (SELECT count(*)::int FROM bot_notifications n
            WHERE n.channel = c.name AND n.status IN ('pending', 'sent') AND n.opens AND NOT n.gathers AND n.kind = 'ticket'
              AND n.created_at BETWEEN engine.now() - interval '10 seconds' AND engine.now()) AS at_once,
           (SELECT count(*)::int FROM bot_notifications n
            WHERE n.channel = c.name AND n.status = 'sent' AND n.kind <> 'group'
              -- Channels that edit do not notify people of an edit.
              AND (n.opens OR c.name <> ALL (${editing}::text[]))
              AND n.sent_at BETWEEN engine.now() - interval '10 minutes' AND engine.now()) AS single,
           w.waiting, w.until
    FROM unnest(${channels}::text[]) AS c (name),
         LATERAL (SELECT count(*)::int AS waiting, min(n.send_after) FILTER (WHERE n.send_after > engine.now()) AS until
                  FROM bot_notifications n WHERE n.channel = c.name AND n.status = 'pending' AND n.gathers) w`.execute(
    trx,
  );
  return new Map(
    rows.map(({ name, now, at_once, single, waiting, until }) => {
      const isBusy = single >= busyFrom;
      const left = isBusy || waiting > 3 ? 0 : Math.max(0, maxAtOnce - at_once);
      return [name, { now, left, isBusy, gathersUntil: until }];
    }),
  );
}

/** When a message that waits for others is sent; an urgent one never waits longer than 30 s. */
export function gatherUntil({ now, isBusy, gathersUntil }: Pace, isUrgent: boolean): Date {
  const longest = now.getTime() + (isBusy && !isUrgent ? busyMs : gatherMs);
  return new Date(Math.min(longest, gathersUntil?.getTime() ?? Infinity));
}
