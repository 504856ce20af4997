import { CompiledQuery, sql, type Transaction } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isHeldAs, type Fenced } from '../../data/bots/fence.ts';
import { findNeedy, findStorms } from '../../data/bots/wanting-tickets.ts';
import type { Database } from '../../database/connect.ts';
import type { Ticketed } from '../../events/ticketed.ts';
import { countOnTickets } from '../../transitions/tickets/count.ts';
import { findAssignees, open } from '../../transitions/tickets/open.ts';
import { findLatest, reopen } from '../../transitions/tickets/reopen.ts';
import { resolveGone } from '../../transitions/tickets/resolve-gone.ts';
import { writeEvents } from '../../transitions/tickets/write-events.ts';
import type { Finish } from '../../transitions/runs/finish.ts';

/** A run that ends here, and how many components its checks looked at. */
type Ending = Pick<Finish, 'id' | 'fence' | 'last' | 'examined'>;

/** `$1` of {@link escalateRuns}. */
export const escalateValues = (runs: Ending[]): [string] => [
  JSON.stringify(runs.map(({ id, fence, last, examined }) => ({ id, fence, last, examined }))),
];

/** `runs`: the runs of `$1` that this transaction holds and that end here. */
const runs = sql`asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS asked (id uuid, fence bigint, last boolean, examined int)
  ), runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, asked.examined
    FROM asked JOIN bot_executions e ON ${isHeldAs('asked')}
    WHERE asked.last OR e.cancel_requested_at IS NOT NULL
  )`;

/**
 * What is open and matters when a run ends gets at most one open ticket per fingerprint: critical and high always,
 * medium and less where src/data/bots/wanting-tickets.ts says so, which has the whole rule. Silenced and suppressed
 * findings get none. In a storm, when more than half of a bot's components are broken, only the worst finding gets a
 * ticket, whatever its severity. This ticket says that it stands for a storm, also when it is older than the storm.
 * Tickets whose finding is gone are resolved; a problem that was seen again is counted on its ticket too. Works on many
 * runs that the transaction holds. A run that will be tried again (not its `last` attempt, and no person asked to
 * cancel it) has not ended.
 *
 * The parts touch different tickets, so one snapshot is enough for all of them: resolved tickets have no open finding;
 * counted tickets have an open finding and are open; reopened and new tickets belong to open findings without an open
 * ticket.
 */
export const escalateRuns = statement<Ticketed>(
  'escalate',
  sql`
  WITH ${sql.join([
    runs,
    resolveGone,
    findStorms,
    countOnTickets,
    findNeedy,
    findLatest,
    reopen,
    findAssignees,
    open,
    writeEvents,
  ])}
  SELECT 'resolved' AS event, run::text, number::text, severity FROM resolved
  UNION ALL
  SELECT 'reopened', run::text, number::text, severity FROM reopened
  UNION ALL
  SELECT 'opened', run, number::text, severity FROM opened`,
);

/**
 * The same for runs that rescue ends, in rescue's transaction. How many components the run has looked at is lost with
 * its worker, so as many as are broken are assumed: a storm gets one ticket now, and each of many problems gets its own
 * after the bot's next run.
 */
export const escalateLost = async (
  trx: Transaction<Database>,
  runs: Fenced[],
): Promise<Ticketed[]> => {
  const { rows } = await trx.executeQuery<Ticketed>(
    CompiledQuery.raw(
      escalateRuns.text,
      escalateValues(runs.map(({ id, fence }) => ({ id, fence, last: true, examined: 1 }))),
    ),
  );
  return rows;
};
