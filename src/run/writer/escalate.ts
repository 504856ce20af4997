import { CompiledQuery, sql, type Transaction } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isUnderFence, type Fenced } from '../../data/bots/fence.ts';
import {
  findCandidates,
  findFloods,
  findNeedingTicket,
  findOwnTickets,
  findStorms,
  findStormStates,
} from '../../data/bots/needing-tickets.ts';
import type { Database } from '../../database/connect.ts';
import type { TicketChange } from '../../events/ticket-change.ts';
import { countOnTickets } from '../../transitions/tickets/count.ts';
import { findAssignees, openTickets } from '../../transitions/tickets/open.ts';
import { findLatest, reopenTickets } from '../../transitions/tickets/reopen.ts';
import { findChanged, findChanging } from '../../transitions/tickets/rate.ts';
import { resolveGone } from '../../transitions/tickets/resolve-gone.ts';
import { endStorms } from '../../transitions/tickets/end-storm.ts';
import { keepStorms } from '../../transitions/tickets/keep-storm.ts';
import { writeEvents } from '../../transitions/tickets/write-events.ts';
import type { Finish } from '../../transitions/runs/finish.ts';

/** A run that ends with this statement. */
type EndingRun = Pick<Finish, 'id' | 'fence' | 'last' | 'answered' | 'healing_done'>;

/** `$1` of {@link escalateRuns}. */
export const escalateValues = (runs: EndingRun[]): [string] => [
  JSON.stringify(
    runs.map(({ id, fence, last, answered, healing_done }) => ({
      id,
      fence,
      last,
      answered,
      healing_done,
    })),
  ),
];

/** `runs`: the runs of `$1` that this transaction holds and that end with this statement. */
const runs = sql`input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input (id uuid, fence bigint, last boolean, answered boolean, healing_done boolean)
  ), runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, e.started_at, input.answered AND e.trigger <> 'verify' AS answered, input.healing_done
    FROM input JOIN bot_executions e ON ${isUnderFence('input')}
    WHERE input.last OR e.cancel_requested_at IS NOT NULL
  )`;

/**
 * When runs end, their bots' open findings get tickets, at most one pending ticket for each fingerprint: critical and high
 * findings always, others as src/data/bots/needing-tickets.ts says, which has the whole rule. Silenced findings get none, nor do
 * findings that are suppressed behind a cause of which people are told. In a storm, when more than half of a bot's components
 * are broken, one ticket stands for all findings, whatever their severity; each end of a run writes on it how much is broken.
 * Tickets whose finding is gone are resolved, and so is the storm's ticket when the storm is over. A problem that was seen again
 * is counted on its ticket. A ticket whose problem got worse is no longer acknowledged (`rate.ts`), and wakes if it is snoozed
 * (`wake.ts`).
 *
 * Works on many runs that the transaction holds. A run that will be tried again (not its `last` attempt, and no person asked to
 * cancel it) has not ended, and is left out.
 *
 * The parts touch different tickets, so one snapshot is enough for all of them: resolved tickets have no open finding;
 * counted tickets have an open finding and are open; a storm's ticket is kept or ended, as the storm is; reopened and new
 * tickets belong to open findings without an open ticket, or to storms without one.
 */
export const escalateRuns = statement<TicketChange>(
  'escalate',
  sql`
  WITH ${sql.join([
    runs,
    resolveGone,
    findStormStates,
    findOwnTickets,
    findFloods,
    findCandidates,
    findStorms,
    findNeedingTicket,
    findLatest,
    findAssignees,
    findChanging,
    findChanged,
    countOnTickets,
    keepStorms,
    endStorms,
    reopenTickets,
    openTickets,
    writeEvents,
  ])}
  SELECT 'resolved' AS event, run::text, number::text, severity FROM resolved
  UNION ALL
  SELECT 'resolved', run::text, number::text, severity FROM storms_over
  UNION ALL
  SELECT 'reopened', run::text, number::text, severity FROM reopened
  UNION ALL
  SELECT 'opened', run, number::text, severity FROM opened`,
);

/**
 * The same for runs that rescue ends, in rescue's transaction. What such a run has recorded is judged as usual; if it recorded
 * nothing, what earlier runs recorded is judged. Because it is not known whether healing has gone through its findings, this
 * says that it has not.
 */
export const escalateLost = async (
  trx: Transaction<Database>,
  runs: Fenced[],
): Promise<TicketChange[]> => {
  const { rows } = await trx.executeQuery<TicketChange>(
    CompiledQuery.raw(
      escalateRuns.text,
      escalateValues(
        runs.map(({ id, fence }) => ({
          id,
          fence,
          last: true,
          answered: true,
          healing_done: false,
        })),
      ),
    ),
  );
  return rows;
};
