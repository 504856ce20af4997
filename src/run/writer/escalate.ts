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

/** `runs`: those of `$1` that are held and end here. */
const runs = sql`asked AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS asked (id uuid, fence bigint, last boolean, examined int)
  ), runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, asked.examined
    FROM asked JOIN bot_executions e ON ${isHeldAs('asked')}
    WHERE asked.last OR e.cancel_requested_at IS NOT NULL
  )`;

/**
 * What is open when a run ends and matters gets at most one open ticket per fingerprint: critical and
 * high always, medium and less where src/data/bots/wanting-tickets.ts says so, which has the whole rule.
 * Silenced and suppressed findings get none; in a storm, when more than half of a bot's components are broken,
 * only the worst finding gets one, whatever its severity. It says that it stands for a storm, and so does one
 * that is older than the storm. Tickets whose finding is gone resolve themselves; a problem that was seen again
 * counts on its ticket too. For many runs that their transaction holds; one that will be tried again (not its
 * `last` attempt, and no person asked to cancel it) has not ended.
 *
 * The parts touch different tickets, so that one snapshot serves them all: resolved ones have no open
 * finding, those that count again have one and are open, reopened and new ones belong to open findings
 * that have no open ticket.
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
 * The same for runs that rescue ends, in its transaction. How many components they have looked at is lost with
 * their worker. As many as are broken, then: one ticket for a storm, and for each of many problems after the
 * bot's next run.
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
