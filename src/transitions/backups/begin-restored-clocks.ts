/**
 * A backup was restored: a step or a reminder of the escalation policy that became due after the backup was made may have been
 * taken since, a snooze that ended has been told of, and a person may have acknowledged the ticket. So the clock of each ticket that is
 * not ended begins anew, and no person is told of the same a second time at once.
 *
 * From: `open` or `assigned`.
 * To: the same status; the waits of the policy count from now on, and steps that were taken stay taken. A response target that had not
 *   passed when the backup was made is later by the time since then. A snooze whose time is over has ended, with an event of which no person is
 *   told (`hold-restored.ts`, which comes after this).
 * By: whoever restores a backup (`db restore`), before the restored database is seen by any other session.
 * Locks: tickets in no fixed order.
 * Zero rows: no ticket was pending, or the backup is of a version without a policy.
 */
import { sql } from 'kysely';
import { isPending } from '../../data/bots/pending-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { wakeTickets } from '../tickets/wake.ts';

/** `takenAt`: the moment of the backup, by the clock of the database that was backed up. */
export async function beginRestoredClocks(db: Db, takenAt: Date): Promise<void> {
  // An archive of an older version has no such columns.
  const { rows } = await sql<{ there: boolean }>`
    SELECT EXISTS (
      SELECT FROM pg_attribute WHERE attrelid = to_regclass('public.bot_tickets') AND attname = 'escalate_at' AND NOT attisdropped
    ) AS there`.execute(db);
  if (!rows[0]!.there) return;
  await wakeTickets(db, maxTickets);
  await sql`
    UPDATE bot_tickets t SET
      escalation_began_at = engine.now(),
      prompted_at = CASE WHEN prompted_at IS NOT NULL OR acknowledged_at IS NOT NULL THEN engine.now() END,
      escalate_at = CASE WHEN escalate_at IS NOT NULL THEN engine.now() END,
      respond_by = CASE WHEN acknowledged_at IS NULL AND respond_by > ${takenAt}::timestamptz
        THEN respond_by + greatest(engine.now() - ${takenAt}::timestamptz, interval '0') ELSE respond_by END
    WHERE ${isPending('t')}`.execute(db);
}

/** All that wait: no other session sees the database yet. */
const maxTickets = 2_000_000_000;
