import type { Catalogue } from '../catalogue/catalogue.ts';
import { endResolvedSilences } from '../data/bots/bot-silences.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import { judgeEntries, type JudgingLimits } from '../heal/judging/judge.ts';
import { hold } from '../transitions/actions/hold.ts';
import { closeRemoved, holdRemoved, removedWithOpen } from '../transitions/bots/close-removed.ts';
import { leaveUnclearUndecided } from '../transitions/actions/leave-undecided.ts';
import { recover } from '../transitions/decisions/recover.ts';
import { unwatch } from '../transitions/findings/watch.ts';
import { releaseEvents } from '../transitions/notifications/mark-routed.ts';
import { giveTimeBack } from '../transitions/tickets/give-time-back.ts';
import { wakeTickets } from '../transitions/tickets/wake.ts';
import { resolveMerged, survivorsGone } from '../transitions/tickets/resolve-merged.ts';
import { unmergeRisen } from '../transitions/tickets/unmerge.ts';
import { noteSuppression } from '../transitions/tickets/note-suppression.ts';
import { noteFlapping } from '../transitions/tickets/note-flapping.ts';

export interface Settled {
  /** cures that held until their hold window was over */
  held: number;
  /** findings that were left alone and stayed away for that long */
  recovered: number;
  /** cures of which it stays unknown whether they helped */
  undecided: number;
  /** changes of how freely an entry may act */
  judged: number;
  /** tickets that now say that their problem began, or ceased, to come and go, or to stand behind another one */
  noted: number;
  /** snoozed tickets that woke because their time was over */
  woken: number;
  /** merged tickets that stand for themselves again, and those that ended with all that is merged with them */
  unmerged: number;
  resolved: number;
  /** tickets whose response clock got the time of maintenance back */
  given: number;
  /** events of tickets that maintenance held back, and that people are told of now */
  released: number;
  /** silences that ended because what they named was resolved */
  silences: number;
  /** removed bots of which a run that was still ending had left something open */
  closed: number;
}

/** How many rows of each kind are concluded at once; the next call continues. */
const most = 500;

/**
 * Concludes what only time can show. A cure has held, and an untouched finding has recovered, when the same check was
 * clean again in a run that began after the hold window. Entries with new outcomes are judged again, within `limits`.
 * Any number of processes may do it at once.
 */
export async function settle(
  db: Db,
  catalogue: Catalogue,
  { emit = () => {}, ...limits }: JudgingLimits & { emit?: Emit } = {},
): Promise<Settled> {
  const held = await hold(db, most);
  for (const heal of held) emit('heal.held', heal);
  const recovered = await recover(db, most);
  const undecided = await leaveUnclearUndecided(db, most);
  await unwatch(db, most);
  const noted = (await noteFlapping(db, most)) + (await noteSuppression(db, most));
  const woken = await wakeTickets(db, most);
  const unmerged = await unmergeRisen(db, most);
  const resolved = await endMerged(db, emit);
  const given = await giveTimeBack(db, most);
  const released = await releaseEvents(db, most);
  const silences = await endResolvedSilences(db);
  const closed = await closeLeftOpen(db, emit);
  const changes = await judgeEntries(db, catalogue, limits);
  for (const change of changes) emit('autonomy.changed', change);
  const judged = changes.length;
  return {
    held: held.length,
    recovered,
    undecided,
    judged,
    noted,
    woken,
    unmerged,
    resolved,
    given,
    released,
    silences,
    closed,
  };
}

/** Tickets of which all that is merged is gone. */
async function endMerged(db: Db, emit: Emit): Promise<number> {
  const survivors = await survivorsGone(db, most);
  if (survivors.length === 0) return 0;
  const resolved = await db.transaction().execute((trx) => resolveMerged(trx, survivors));
  for (const { number, severity } of resolved)
    emit('ticket.resolved', { ticket: `T-${number}`, run: null, severity });
  return resolved.length;
}

/** A run that was still ending when its bot was removed may have written findings and tickets since. */
async function closeLeftOpen(db: Db, emit: Emit): Promise<number> {
  const ids = await removedWithOpen(db, most);
  if (ids.length === 0) return 0;
  const { bots, closed } = await db.transaction().execute(async (trx) => {
    const held = await holdRemoved(trx, ids);
    return {
      bots: held,
      closed: await closeRemoved(
        trx,
        held.map(({ id }) => id),
        'roundsman',
      ),
    };
  });
  for (const { number, severity } of closed.tickets)
    emit('ticket.resolved', { ticket: `T-${number}`, run: null, severity });
  if (bots.length > 0)
    emit('bots.closed', {
      bots: bots.map(({ name }) => name),
      findings: closed.findings,
      tickets: closed.tickets.length,
    });
  return bots.length;
}
