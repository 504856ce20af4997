/** Transactions of heals, each as the engine makes it, and of the timers that conclude their outcomes. */
import { endResolvedSilences } from '../../src/data/bots/bot-silences.ts';
import { underFence } from '../../src/data/bots/fence.ts';
import { continueAbandoned } from '../../src/heal/continue-abandoned.ts';
import { decide, intendNext } from '../../src/heal/decide.ts';
import { takeEffect } from '../../src/heal/effect.ts';
import { judgeEntries } from '../../src/heal/judging/judge.ts';
import { writeDoubt, writeFailure } from '../../src/heal/outside.ts';
import { concludeUndo, undoEffect } from '../../src/heal/undo.ts';
import { verify } from '../../src/heal/verify.ts';
import { abortIntent } from '../../src/transitions/actions/abort.ts';
import { failIntent } from '../../src/transitions/actions/fail.ts';
import { hold } from '../../src/transitions/actions/hold.ts';
import { leaveUnclearUndecided } from '../../src/transitions/actions/leave-undecided.ts';
import { recover } from '../../src/transitions/decisions/recover.ts';
import { unwatch } from '../../src/transitions/findings/watch.ts';
import { noteSuppression } from '../../src/transitions/tickets/note-suppression.ts';
import { resolveMerged, survivorsToResolve } from '../../src/transitions/tickets/resolve-merged.ts';
import { unmergeDue } from '../../src/transitions/tickets/unmerge.ts';
import { releaseEvents } from '../../src/transitions/notifications/mark-routed.ts';
import { giveTimeBack } from '../../src/transitions/tickets/give-time-back.ts';
import { wakeTickets } from '../../src/transitions/tickets/wake.ts';
import { noteFlapping } from '../../src/transitions/tickets/note-flapping.ts';
import {
  runs,
  problems,
  signal,
  catalogue,
  run,
  openFinding,
  candidates,
  healing,
  ladder,
  undo,
  intent,
  merged,
  type Transactions,
} from './given.ts';

export const ofHeals: Transactions = {
  'decide: begin a heal': ({ db }) =>
    decide(healing(db), run(runs.first), openFinding(4), candidates),
  'decide: leave alone': ({ db }) =>
    decide(healing(db), run(runs.other), openFinding(3), candidates),
  'intend the next step': ({ db }) =>
    intendNext(healing(db), run(runs.beside), openFinding(4), ladder(4), 0),
  'continue an abandoned intent': ({ db }) =>
    continueAbandoned(
      healing(db),
      run(runs.otherBeside),
      openFinding(2),
      { ...ladder(2).action, verify_after: null, remedy: 'gone', evidence: {} } as never,
      [],
    ),
  'apply a step': ({ db }) =>
    takeEffect(
      { db, catalogue },
      {
        run: run(runs.first),
        finding: openFinding(0),
        action: ladder(0).action,
        remedy: 'other.pause',
        params: {},
      },
      signal,
    ),
  'apply an abandoned step': ({ db }) =>
    takeEffect(
      { db, catalogue },
      {
        run: run(runs.otherBeside),
        finding: openFinding(2),
        action: ladder(2).action,
        remedy: 'other.pause',
        params: {},
      },
      signal,
    ),
  'abort an intent': ({ db }) =>
    underFence(db, run(runs.first), (trx) => abortIntent(trx, intent(0, runs.first))),
  'fail an intent': ({ db }) =>
    underFence(db, run(runs.first), (trx) => failIntent(trx, intent(0, runs.first))),
  'apply a step outside': ({ db }) =>
    takeEffect(
      { db, catalogue },
      {
        run: run(runs.first),
        finding: openFinding(0),
        action: ladder(0).action,
        remedy: 'other.call',
        params: {},
      },
      signal,
    ),
  'doubt an effect': ({ db }) =>
    writeDoubt(db, { run: run(runs.first), action: { id: problems[0]!.action } }, 'x', { signal }),
  'fail an effect': ({ db }) =>
    writeFailure(db, { run: run(runs.first), action: { id: problems[0]!.action } }, 'x', {
      signal,
    }),
  'verify: clean': ({ db }) =>
    verify(healing(db), run(runs.beside), openFinding(1), problems[1]!.action, new Date()),
  'verify: failing': ({ db }) =>
    verify(
      healing(db, 'failing'),
      run(runs.beside),
      openFinding(1),
      problems[1]!.action,
      new Date(),
    ),
  'verify: unclear': ({ db }) =>
    verify(
      healing(db, 'unclear'),
      run(runs.beside),
      openFinding(1),
      problems[1]!.action,
      new Date(),
    ),
  'undo an effect': ({ db }) => undoEffect({ db, catalogue }, undo(0, runs.first), signal),
  "undo another bot's effect": ({ db }) =>
    undoEffect({ db, catalogue }, undo(2, runs.other), signal),
  'undo an effect outside': ({ db }) =>
    undoEffect({ db, catalogue }, { ...undo(0, runs.first), remedy: 'other.call' }, signal),
  'conclude an undo': ({ db }) =>
    concludeUndo(db, undo(1, runs.beside), new Error('x'), { signal }),
  'settle: hold': ({ db }) => hold(db, 100),
  'settle: recover': ({ db }) => recover(db, 100),
  'settle: leave undecided': ({ db }) => leaveUnclearUndecided(db, 100),
  'settle: unwatch': ({ db }) => unwatch(db, 100),
  'settle: note flapping': ({ db }) => noteFlapping(db, 100),
  'settle: note suppression': ({ db }) => noteSuppression(db, 100),
  'settle: wake tickets': ({ db }) => wakeTickets(db, 100),
  'settle: unmerge tickets': ({ db }) => unmergeDue(db, 100),
  'settle: resolve merged tickets': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await survivorsToResolve(trx, 100);
      await resolveMerged(trx, [merged.survivor]);
    }),
  'settle: give time back': ({ db }) => giveTimeBack(db, 100),
  'settle: release events': ({ db }) => releaseEvents(db, 100),
  'settle: end silences': ({ db }) => endResolvedSilences(db),
  'judge an entry': ({ db }) => judgeEntries(db, catalogue, { maxEntries: 1 }),
};
