import type { Catalogue } from '../catalogue/catalogue.ts';
import { endResolvedSilences } from '../data/bots/bot-silences.ts';
import { goneChannels, lockNotificationSettings } from '../data/notify/channels.ts';
import type { Db } from '../database/connect.ts';
import type { Emit } from '../events/events.ts';
import { judgeEntries, type JudgingLimits } from '../heal/judging/judge.ts';
import { hold } from '../transitions/actions/hold.ts';
import { goneReason, endRemovedChannel } from '../transitions/channels/end-removed.ts';
import {
  closeRemoved,
  lockRemovedBots,
  removedWithOpen,
} from '../transitions/bots/close-removed.ts';
import { leaveUnclearUndecided } from '../transitions/actions/leave-undecided.ts';
import { recover } from '../transitions/decisions/recover.ts';
import { unwatch } from '../transitions/findings/watch.ts';
import { releaseEvents } from '../transitions/notifications/mark-routed.ts';
import { giveTimeBack } from '../transitions/tickets/give-time-back.ts';
import { wakeTickets } from '../transitions/tickets/wake.ts';
import { resolveMerged, survivorsToResolve } from '../transitions/tickets/resolve-merged.ts';
import { unmergeDue } from '../transitions/tickets/unmerge.ts';
import { noteSuppression } from '../transitions/tickets/note-suppression.ts';
import { noteFlapping } from '../transitions/tickets/note-flapping.ts';

export interface Settled {
  /** cures that held through their hold window */
  held: number;
  /** findings that were left alone, went away by themselves, and stayed away through their hold window */
  recovered: number;
  /** cures about which the check was asked for the last time without a clear answer */
  undecided: number;
  /** entries whose autonomy changed */
  judged: number;
  /** notes in tickets' histories: the problem began or stopped to flap, or began or stopped to stand behind a cause */
  noted: number;
  /** snoozed tickets that woke because their time was over */
  woken: number;
  /** merged tickets that were separated from their survivor */
  unmerged: number;
  /** survivors that ended, because the problem of every ticket that is merged with them is gone */
  resolved: number;
  /** tickets whose response target was moved later, by as long as maintenance covered them */
  clocksMoved: number;
  /** events of tickets that maintenance held back; people are told of them now */
  released: number;
  /** silences that ended because what they named was resolved */
  endedSilences: number;
  /** channels that an SQL statement took out of the settings, while a message of theirs waited or needed a person */
  endedChannels: number;
  /** removed bots that had open findings or tickets, because one of their runs wrote these after the removal */
  closedBots: number;
}

/** How many rows of each kind one call concludes at most; the next call continues. */
const maxRows = 500;

/**
 * Concludes what only time can show. A cure has held, and a finding that was left alone has recovered, when the same
 * check was clean again in a run that began after the hold window. Entries with new outcomes are judged again, within
 * `limits`. Any number of processes may settle at once.
 */
export async function settle(
  db: Db,
  catalogue: Catalogue,
  { emit = () => {}, ...limits }: JudgingLimits & { emit?: Emit } = {},
): Promise<Settled> {
  const held = await hold(db, maxRows);
  for (const heal of held) emit('heal.held', heal);
  const recovered = await recover(db, maxRows);
  const undecided = await leaveUnclearUndecided(db, maxRows);
  await unwatch(db, maxRows);
  const noted = (await noteFlapping(db, maxRows)) + (await noteSuppression(db, maxRows));
  const woken = await wakeTickets(db, maxRows);
  const unmerged = await unmergeDue(db, maxRows);
  const resolved = await endMerged(db, emit);
  const clocksMoved = await giveTimeBack(db, maxRows);
  const released = await releaseEvents(db, maxRows);
  const endedChannels = await endGoneChannels(db);
  const endedSilences = await endResolvedSilences(db);
  const closedBots = await closeLeftOpen(db, emit);
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
    clocksMoved,
    released,
    endedChannels,
    endedSilences,
    closedBots,
  };
}

/** Resolves survivors, if the problems of all tickets merged into them are gone. Returns how many tickets it resolved. */
async function endMerged(db: Db, emit: Emit): Promise<number> {
  const survivors = await survivorsToResolve(db, maxRows);
  if (survivors.length === 0) return 0;
  const resolved = await db.transaction().execute((trx) => resolveMerged(trx, survivors));
  for (const { number, severity } of resolved)
    emit('ticket.resolved', { ticket: `T-${number}`, run: null, severity });
  return resolved.length;
}

/**
 * Ends channels that the settings do not have any more; returns how many. `notify set` does this at once; an SQL statement that
 * writes the setting cannot.
 */
async function endGoneChannels(db: Db): Promise<number> {
  if ((await goneChannels(db)).length === 0) return 0;
  return db.transaction().execute(async (trx) => {
    await lockNotificationSettings(trx);
    const gone = await goneChannels(trx);
    for (const name of gone)
      await endRemovedChannel(trx, name, { by: 'roundsman', reason: goneReason });
    return gone.length;
  });
}

/**
 * Closes what removed bots have left open: a run that had not ended when its bot was removed may have written findings and
 * tickets since. Returns for how many bots it closed something.
 */
async function closeLeftOpen(db: Db, emit: Emit): Promise<number> {
  const ids = await removedWithOpen(db, maxRows);
  if (ids.length === 0) return 0;
  const { bots, closed } = await db.transaction().execute(async (trx) => {
    const bots = await lockRemovedBots(trx, ids);
    return {
      bots,
      closed: await closeRemoved(
        trx,
        bots.map(({ id }) => id),
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
