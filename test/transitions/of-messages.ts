/** Transactions about messages and their channels. */
import { sql } from 'kysely';
import { endChannelTicket } from '../../src/transitions/channels/end-ticket.ts';
import { endRemovedChannel } from '../../src/transitions/channels/end-removed.ts';
import { noteUnusable, noteUsable } from '../../src/transitions/channels/note-unusable.ts';
import { addChannels, giveChannelBack, takeChannels } from '../../src/transitions/channels/take.ts';
import { switchOff } from '../../src/transitions/channels/switch-off.ts';
import { switchOn } from '../../src/transitions/channels/switch-on.ts';
import { beginSending } from '../../src/transitions/notifications/begin.ts';
import { endSent, endUnsent } from '../../src/transitions/notifications/end.ts';
import { holdBack } from '../../src/transitions/notifications/hold-back.ts';
import { gather } from '../../src/transitions/notifications/gather.ts';
import { markRouted } from '../../src/transitions/notifications/mark-routed.ts';
import { queueMessages } from '../../src/transitions/notifications/queue.ts';
import { queueReport } from '../../src/transitions/notifications/queue-report.ts';
import { sendAgain, sendAgainOn } from '../../src/transitions/notifications/send-again.ts';
import { jobRun, message, problems, type Transactions } from './given.ts';

const run = jobRun(1).id;

export const ofMessages: Transactions = {
  'route events': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await queueMessages(
        trx,
        problems.slice(0, 3).map(({ ticket }) => ({
          id: crypto.randomUUID(),
          ticket_id: ticket,
          channel: 'ops',
          kind: 'ticket',
          events: ['1'],
          route: 'route 1',
          opens: false,
          gathers: true,
          send_after: new Date(),
        })),
      );
      await markRouted(trx, [{ id: '1', unsent_reason: null, is_held: false }]);
    }),
  'queue a report': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await addChannels(trx, ['ops']);
      await queueReport(trx, {
        day: '2026-11-29',
        timezone: 'UTC',
        dueAt: new Date(),
        report: {},
        choices: [{ channel: 'ops', route: 'route 1' }],
      });
    }),
  'take channels': ({ db }) => db.transaction().execute((trx) => takeChannels(trx, run)),
  'begin to send a message': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await holdBack(trx, 'ops');
      await gather(trx, 'ops');
      await beginSending(trx, 'ops');
      await giveChannelBack(trx, 'ops', run);
    }),
  'record that a message was sent': ({ db }) =>
    db.transaction().execute((trx) => endSent(trx, message(4), { reference: null, note: null })),
  'switch a channel off': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await endUnsent(trx, message(4), { error: 'x', delayMs: 0, reason: null });
      await switchOff(trx, 'ops', 'x');
    }),
  'send a message again': ({ db }) => db.transaction().execute((trx) => sendAgain(trx, message(4))),
  'switch a channel on': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await endChannelTicket(trx, 'off', 'ann', 'x');
      await sendAgainOn(trx, 'off');
      await switchOn(trx, 'off');
    }),
  'set notifications': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await sql`INSERT INTO engine.settings (key, value) VALUES ('notifications', '{}')
        ON CONFLICT (key) DO UPDATE SET value = excluded.value`.execute(trx);
      await endRemovedChannel(trx, 'off', { by: 'ann', reason: 'x' });
    }),
  'settle: end removed channels': ({ db }) =>
    db
      .transaction()
      .execute((trx) => endRemovedChannel(trx, 'off', { by: 'roundsman', reason: 'x' })),
  'note that a channel cannot be used': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await endUnsent(trx, message(4), { error: 'x', delayMs: 0, reason: null });
      await noteUnusable(trx, 'ops', { why: 'x', isAgain: true });
    }),
  'note that a channel can be used again': ({ db }) =>
    db.transaction().execute(async (trx) => {
      await endChannelTicket(trx, 'ops', 'roundsman', 'x');
      await endSent(trx, message(4), { reference: null, note: null });
      await noteUsable(trx, 'ops');
    }),
};
