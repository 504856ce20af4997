/** Transactions about runs and bots: flushes, whose items are not in the order of their rows, and those of schedulers, rescue and people. */
import { sql } from 'kysely';
import { receiveDeliveries } from '../../src/data/sources/deliveries.ts';
import { underFence } from '../../src/data/bots/fence.ts';
import { endLost } from '../../src/maintain/end-lost.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { flush } from '../../src/run/writer/flush.ts';
import { startBatch } from '../../src/run/writer/start-batch.ts';
import { backfill } from '../../src/schedule/backfill.ts';
import { planMaintenance } from '../../src/schedule/plan-maintenance.ts';
import { addBots } from '../../src/transitions/bots/add.ts';
import { closeRemoved } from '../../src/transitions/bots/close-removed.ts';
import { disableBot } from '../../src/transitions/bots/disable.ts';
import { editBot } from '../../src/transitions/bots/edit.ts';
import { enableBot } from '../../src/transitions/bots/enable.ts';
import * as inError from '../../src/transitions/bots/mark-in-error.ts';
import { pauseBot } from '../../src/transitions/bots/pause.ts';
import { planSlots } from '../../src/transitions/bots/plan-slots.ts';
import { removeBot } from '../../src/transitions/bots/remove.ts';
import { renameBot } from '../../src/transitions/bots/rename.ts';
import { resumeBot } from '../../src/transitions/bots/resume.ts';
import { cancelRunsOf } from '../../src/transitions/runs/cancel-of-bot.ts';
import { cancelRun } from '../../src/transitions/runs/cancel.ts';
import { claimSlots } from '../../src/transitions/runs/claim.ts';
import { endCancelledRuns } from '../../src/transitions/runs/end-cancelled.ts';
import { giveBackRuns } from '../../src/transitions/runs/give-back.ts';
import { giveRunOn } from '../../src/transitions/runs/give-on.ts';
import { noteCancellations } from '../../src/transitions/runs/note-cancellations.ts';
import { queueRunsAgain } from '../../src/transitions/runs/queue-again.ts';
import { putOffRemoteRun } from '../../src/transitions/runs/put-off.ts';
import { queueEventRuns } from '../../src/transitions/runs/queue-event.ts';
import { queueFreshRuns } from '../../src/transitions/runs/queue-fresh.ts';
import { queueManualRun } from '../../src/transitions/runs/queue-manual.ts';
import { queueVerifyRun } from '../../src/transitions/runs/queue-verify.ts';
import { renewLeases } from '../../src/transitions/runs/renew-lease.ts';
import { writeProgress } from '../../src/transitions/runs/write-progress.ts';
import { takeOverRuns } from '../../src/transitions/runs/take-over.ts';
import * as scene from './scene.ts';
import { bots, runs, week, run, finish, record, type Transactions } from './given.ts';

export const ofRuns: Transactions = {
  'flush: record': ({ client }) =>
    flush(client, [record(runs.other, true, false), record(runs.first, true, false)]),
  'flush: record and end': ({ client }) =>
    flush(client, [record(runs.otherBeside, false, true), record(runs.beside, false, true)]),
  'flush: end': ({ client }) =>
    flush(
      client,
      [runs.other, runs.beside].map((id) => ({
        run: run(id),
        recording: null,
        finish: finish(id),
      })),
    ),
  start: ({ client }) =>
    startBatch(
      client,
      [runs.otherQueued, runs.queued].map((id) => ({
        entry: { id, generation: 1 },
        mayBeCommitted: false,
      })),
      'w',
    ),
  claim: ({ db }) => {
    const next = new Date(Date.now() + week);
    return claimSlots(db, null, 100, [
      {
        cron: '0 0 * * 1',
        zone: 'UTC',
        slot: scene.slot.toISOString(),
        next,
        after: new Date(next.getTime() + week),
      },
    ]);
  },
  backfill: ({ db }) =>
    backfill(db, bots[0], {
      since: new Date(scene.slot.getTime() - 3 * week),
      until: scene.slot,
      limit: 100,
      dryRun: false,
    }),
  'cancel a run': ({ db }) => cancelRun(db, runs.first, 'x'),
  'cancel a queued run': ({ db }) => cancelRun(db, runs.queued, 'x'),
  'note cancellations': ({ db }) => noteCancellations(db),
  'end cancelled runs': ({ db }) => endCancelledRuns(db, 100),
  'end lost runs': ({ db }) => endLost(db, escalateLost, () => {}),
  'take runs over': ({ db }) => takeOverRuns(db, 100),
  'queue fresh runs': ({ db }) => queueFreshRuns(db, 100),
  'queue runs again': ({ db }) =>
    queueRunsAgain(
      db,
      [runs.otherQueued, runs.queued].map((id) => ({ kind: 'run' as const, id, generation: 1 })),
    ),
  'put a remote run off': ({ db }) =>
    putOffRemoteRun(db, { id: runs.otherQueued, generation: 1 }, 500),
  'give runs back': ({ db }) => giveBackRuns(db, [run(runs.other), run(runs.first)]),
  'give a run to other code': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await sql`
        INSERT INTO engine.nodes (id, role, host, pid, bots, heartbeat_at) VALUES ('other', 'worker', 'h', 1, '{own}', 'infinity')`.execute(
        trx,
      );
      await giveRunOn(trx, run(runs.first), { bot: 'own', pauseMs: 500 });
    }),
  'renew leases': ({ db }) => renewLeases(db, [run(runs.other), run(runs.first)]),
  'write progress': ({ db }) =>
    writeProgress(
      db,
      [runs.other, runs.first].map((id) => ({
        ...run(id),
        check: 'is-well',
        share: 0.5,
        sentence: null,
      })),
    ),
  'queue a manual run': ({ db }) => db.transaction().execute((trx) => queueManualRun(trx, bots[1])),
  'queue a round': ({ db }) =>
    db.transaction().execute(async (trx) => {
      for (const bot of bots.toSorted()) await queueManualRun(trx, bot);
    }),
  'queue a verify run': ({ db }) =>
    underFence(db, run(runs.beside), (trx) => queueVerifyRun(trx, bots[0], 'f2')),
  'queue event runs': ({ db }) => queueEventRuns(db),
  'receive deliveries': ({ db }) =>
    receiveDeliveries(
      db,
      bots.toReversed().map((bot_id) => ({
        bot_id,
        delivery_id: 'd',
        again_seconds: null,
        again_overtaken: false,
        sent_at: null,
        event: 'x',
        secret: 'X',
        alarms: [],
        ignored: null,
      })),
    ),
  'plan maintenance': ({ db }) => planMaintenance(db),
  'plan bots': ({ db }) =>
    planSlots(
      db,
      bots.toReversed().map((id) => ({ id, version: 1, slot: scene.slot, following: new Date() })),
    ),
  'mark bots in error': ({ db }) =>
    inError.markBotsInError(
      db,
      bots.toReversed().map((id) => ({ id, version: 1, reason: 'x' })),
    ),
  'mark a schedule in error': ({ db }) =>
    inError.markScheduleInError(db, { cron: '0 0 * * 1', zone: 'UTC' }, 'x'),
  'mark a bot in error': ({ db }) =>
    inError.markBotInError(db, { id: bots[0], endpoint: '/api/bots/nobody', config: {} }, 'x'),
  'add bots': ({ db }) =>
    addBots(
      db,
      ['bot-1', 'bot-9'].map((name) => ({
        name,
        display_name: name,
        schedule_cron: '0 0 * * 1',
        api_endpoint: 'x',
      })),
    ),
  'edit a bot': ({ db }) =>
    db.transaction().execute((trx) => editBot(trx, bots[0], () => ({ schedule_cron: '@daily' }))),
  'pause a bot': ({ db }) => pauseBot(db, { id: bots[1], status: 'active' }, 'x'),
  'disable a bot': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await disableBot(trx, { id: bots[0], status: 'active' }, 'x');
      return cancelRunsOf(trx, bots[0], 'x');
    }),
  'enable a bot': ({ db }) => enableBot(db, { id: bots[1] }),
  'rename a bot': ({ db }) =>
    db.transaction().execute((trx) => renameBot(trx, { id: bots[0], name: 'bot-1' }, 'other')),
  'remove a bot': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await removeBot(trx, { id: bots[1] }, 'x');
      await closeRemoved(trx, [bots[1]], 'ann');
      return cancelRunsOf(trx, bots[1], 'x');
    }),
  'resume a bot': ({ db }) => resumeBot(db, { id: bots[0], status: 'active' }),
};
