import { CompiledQuery, sql, type Transaction } from 'kysely';
import { statement } from '../../batch/statement.ts';
import { isHeldAs, type Fenced } from '../../data/bots/fence.ts';
import {
  findCandidates,
  findNeedy,
  findStorms,
  findWeather,
} from '../../data/bots/wanting-tickets.ts';
import type { Database } from '../../database/connect.ts';
import type { Ticketed } from '../../events/ticketed.ts';
import { countOnTickets } from '../../transitions/tickets/count.ts';
import { findAssignees, open } from '../../transitions/tickets/open.ts';
import { findLatest, reopen } from '../../transitions/tickets/reopen.ts';
import { findChanged, findChanging } from '../../transitions/tickets/rate.ts';
import { resolveGone } from '../../transitions/tickets/resolve-gone.ts';
import { endStorms } from '../../transitions/tickets/end-storm.ts';
import { keepStorms } from '../../transitions/tickets/keep-storm.ts';
import { writeEvents } from '../../transitions/tickets/write-events.ts';
import type { Finish } from '../../transitions/runs/finish.ts';

/** A run that ends here, whether a check of its bot gave an answer, and whether healing looked at all that it saw. */
type Ending = Pick<Finish, 'id' | 'fence' | 'last' | 'looked' | 'healing_done'>;

/** `$1` of {@link escalateRuns}. */
export const escalateValues = (runs: Ending[]): [string] => [
  JSON.stringify(
    runs.map(({ id, fence, last, looked, healing_done }) => ({
      id,
      fence,
      last,
      looked,
      healing_done,
    })),
  ),
];

/** `runs`: the runs of `$1` that this transaction holds and that end here. */
const runs = sql`input AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input (id uuid, fence bigint, last boolean, looked boolean, healing_done boolean)
  ), runs AS MATERIALIZED (
    SELECT e.id, e.bot_id, e.started_at, input.looked AND e.trigger <> 'verify' AS looked, input.healing_done
    FROM input JOIN bot_executions e ON ${isHeldAs('input')}
    WHERE input.last OR e.cancel_requested_at IS NOT NULL
  )`;

/**
 * What is open and matters when a run ends gets at most one open ticket per fingerprint: critical and high always,
 * medium and less where src/data/bots/wanting-tickets.ts says so, which has the whole rule. Silenced findings get none,
 * and those that are suppressed behind a cause of which people are told. In a storm, when more than half of a bot's components are broken, one ticket stands for all,
 * whatever their severity: it has a title of its own and says at the end of each run how much is broken. Tickets whose
 * finding is gone are resolved, and the storm's when it is over; a problem that was seen again is counted on its
 * ticket too, and one that got worse is no longer acknowledged (`rate.ts`), and may wake one that is snoozed (`wake.ts`). Works on many runs that the transaction holds. A run that will be tried again (not its `last` attempt, and
 * no person asked to cancel it) has not ended.
 *
 * The parts touch different tickets, so one snapshot is enough for all of them: resolved tickets have no open finding;
 * counted tickets have an open finding and are open; a storm's ticket is kept or ended, as the storm is; reopened and new
 * tickets belong to open findings without an open ticket, or to storms without one.
 */
export const escalateRuns = statement<Ticketed>(
  'escalate',
  sql`
  WITH ${sql.join([
    runs,
    resolveGone,
    findWeather,
    findCandidates,
    findStorms,
    findNeedy,
    findLatest,
    findAssignees,
    findChanging,
    findChanged,
    countOnTickets,
    keepStorms,
    endStorms,
    reopen,
    open,
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
 * The same for runs that rescue ends, in rescue's transaction. What such a run has recorded is judged as ever; where it
 * recorded nothing, what is known since the run before is. Whether healing has looked at what it saw is not known.
 */
export const escalateLost = async (
  trx: Transaction<Database>,
  runs: Fenced[],
): Promise<Ticketed[]> => {
  const { rows } = await trx.executeQuery<Ticketed>(
    CompiledQuery.raw(
      escalateRuns.text,
      escalateValues(
        runs.map(({ id, fence }) => ({
          id,
          fence,
          last: true,
          looked: true,
          healing_done: false,
        })),
      ),
    ),
  );
  return rows;
};
