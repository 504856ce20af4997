/**
 * Counts on a ticket that its problem was seen again, and stores the newest evidence there. For a storm's ticket:
 * `keep-storm.ts`.
 *
 * From: `open` or `assigned`.
 * To: the same status; `occurrences` + 1, with the finding's text and evidence, and its severity as `rate.ts` says.
 * By: the worker that ends a run, or rescue (part of `escalate`).
 * Locks: tickets; the transaction holds their bot.
 * Zero rows: no open finding that the run saw has a ticket.
 */
import { sql } from 'kysely';
import { isPending } from '../../data/bots/bot-tickets.ts';
import { pendingTicketOf } from '../../data/bots/pending-tickets.ts';
import { rateTicket, assigneeAfter } from './rate.ts';

/**
 * Whether a run opened the ticket `t`. Only then are its title and text replaced: the platform's own code may have written
 * another one.
 */
export const openedByRun = sql`coalesce(t.metadata ?| '{check,storm}', false)`;

/** `counted`. Reads `runs` and `changed`. */
export const countOnTickets = sql`counted AS (
    UPDATE bot_tickets t
    SET finding_id = f.id, occurrences = t.occurrences + 1,
        status = CASE WHEN ${assigneeAfter} IS NULL THEN 'open' ELSE 'assigned' END, ${rateTicket(sql`f.severity`)},
        title = CASE WHEN ${openedByRun} THEN f.title ELSE t.title END,
        description = CASE WHEN ${openedByRun} THEN coalesce(f.description, f.title) ELSE t.description END,
        metadata = coalesce(t.metadata, '{}') || jsonb_build_object('evidence', f.metadata, 'execution_id', f.last_execution_id::text)
    FROM runs JOIN bot_findings f ON f.bot_id = runs.bot_id AND f.resolved_at IS NULL AND f.last_execution_id = runs.id
    CROSS JOIN LATERAL ${pendingTicketOf('f')} own
    LEFT JOIN changed r ON r.id = own.id
    WHERE t.id = own.id AND ${isPending('t')}
  )`;
