import type { Db } from '../../database/connect.ts';
import { before, day, hour, minutesBefore } from '../time.ts';
import { plantBot, plantChannel, plantFinding, plantTicket } from './bot-rows.ts';
import type { Fault } from './fault.ts';
import { nextName } from './ids.ts';

async function plantMessages(
  db: Db,
  now: Date,
  channel: string,
  rows: Parameters<typeof messageOf>[2][],
): Promise<void> {
  const bot = await plantBot(db, 'fiction');
  for (const row of rows) {
    const ticket = await plantTicket(db, bot, { acknowledged_at: now, assigned_to: 'ann' });
    await db
      .insertInto('bot_notifications')
      .values(messageOf(ticket, channel, row))
      .execute();
  }
}

const messageOf = (
  ticket_id: string,
  channel: string,
  row: { status: 'pending' | 'sent' | 'failed'; made: Date; send_after?: Date; error?: string },
) => ({
  ticket_id,
  channel,
  status: row.status,
  created_at: row.made,
  send_after: row.send_after ?? row.made,
  sent_at: row.status === 'sent' ? row.made : null,
  error_message: row.error ?? null,
  attempts: row.status === 'pending' ? 0 : 1,
});

export const heraldFaults: Fault[] = [
  {
    name: 'herald.late-tickets',
    title: 'A critical ticket has waited an hour past its response target',
    async plant(db, now) {
      await plantTicket(db, await plantBot(db, 'fiction'), {
        severity: 'critical',
        assigned_to: 'ann',
        respond_by: before(now, hour),
        created_at: minutesBefore(now, 75),
      });
    },
    async lookalike(db, now) {
      const bot = await plantBot(db, 'fiction');
      const late = { respond_by: before(now, hour), assigned_to: 'ann' };
      await plantTicket(db, bot, { ...late, acknowledged_at: minutesBefore(now, 30) });
      await plantTicket(db, bot, {
        ...late,
        snoozed_at: minutesBefore(now, 30),
        snoozed_until: before(now, -hour),
      });
      const survivor = await plantTicket(db, bot, { assigned_to: 'ann', acknowledged_at: now });
      await plantTicket(db, bot, { ...late, merged_into: survivor });
      const own = await plantBot(db, 'herald', { api_endpoint: '/api/bots/herald' });
      await plantTicket(db, own, late);
    },
  },
  {
    name: 'herald.unassigned-tickets',
    title: 'A high ticket has been open for two hours without being assigned',
    async plant(db, now) {
      const opened = { created_at: before(now, 2 * hour) };
      await plantTicket(db, await plantBot(db, 'fiction'), opened);
    },
    async lookalike(db, now) {
      const bot = await plantBot(db, 'fiction');
      const opened = { created_at: before(now, 2 * hour) };
      await plantTicket(db, bot, { ...opened, severity: 'low' });
      await plantTicket(db, bot, { ...opened, acknowledged_at: before(now, hour) });
      await plantTicket(db, bot, { created_at: minutesBefore(now, 5) });
    },
  },
  {
    name: 'herald.waiting-messages',
    title: 'A message has been due for an hour, and no process sends it',
    async plant(db, now) {
      const channel = nextName();
      await plantChannel(db, channel);
      await plantMessages(db, now, channel, [{ status: 'pending', made: before(now, hour) }]);
    },
    async lookalike(db, now) {
      const channel = nextName();
      await plantChannel(db, channel);
      // Made in quiet hours, to be sent after them.
      const made = before(now, 6 * hour);
      await plantMessages(db, now, channel, [
        { status: 'pending', made, send_after: before(now, -hour) },
      ]);
    },
  },
  {
    name: 'herald.failed-messages',
    title: 'The receiver of a channel refuses every message',
    async plant(db, now) {
      const channel = nextName();
      await plantChannel(db, channel);
      const failed = { status: 'failed', error: 'answered 403' } as const;
      await plantMessages(db, now, channel, [
        { ...failed, made: before(now, 2 * hour) },
        { ...failed, made: before(now, hour) },
      ]);
    },
    async lookalike(db, now) {
      const channel = nextName();
      await plantChannel(db, channel);
      // It failed, and a later message told its receiver the newer state.
      const ticket = await plantTicket(db, await plantBot(db, 'fiction'), {
        acknowledged_at: now,
        assigned_to: 'ann',
      });
      for (const status of ['failed', 'sent'] as const)
        await db
          .insertInto('bot_notifications')
          .values(messageOf(ticket, channel, { status, made: before(now, hour) }))
          .execute();
    },
  },
  {
    name: 'herald.silences-ending',
    title: 'A silence of a week ends in two hours, and what it hides is still broken',
    async plant(db, now) {
      const { component } = await plantFinding(db, await plantBot(db, 'fiction'));
      await db
        .insertInto('bot_silences')
        .values({
          component,
          owner: 'ann',
          reason: 'the new disks come next week',
          created_at: before(now, 7 * day),
          expires_at: before(now, -2 * hour),
        })
        .execute();
    },
    async lookalike(db, now) {
      const { component } = await plantFinding(db, await plantBot(db, 'fiction'));
      const silence = { owner: 'ann', reason: 'I work on it' };
      await db
        .insertInto('bot_silences')
        .values([
          // Its owner has just made it for three hours.
          {
            ...silence,
            component,
            created_at: before(now, hour),
            expires_at: before(now, -2 * hour),
          },
          // It hides nothing.
          {
            ...silence,
            component: 'nothing-has-this-name',
            created_at: before(now, 7 * day),
            expires_at: before(now, -2 * hour),
          },
        ])
        .execute();
    },
  },
  {
    name: 'herald.silenced-critical',
    title: 'A silence of a whole category hides a critical finding that came after it',
    async plant(db, now) {
      const category = nextName();
      await db
        .insertInto('bot_silences')
        .values({
          category,
          owner: 'ann',
          reason: 'these are noise',
          created_at: before(now, day),
          expires_at: before(now, -30 * day),
        })
        .execute();
      await plantFinding(db, await plantBot(db, 'fiction'), {
        category,
        severity: 'critical',
        detected_at: before(now, hour),
      });
    },
    async lookalike(db, now) {
      const bot = await plantBot(db, 'fiction');
      const { component } = await plantFinding(db, bot, {
        severity: 'critical',
        detected_at: before(now, 2 * hour),
      });
      // A person silenced it while working on it.
      await db
        .insertInto('bot_silences')
        .values({
          component,
          owner: 'ann',
          reason: 'I work on it',
          until_resolved: true,
          created_at: before(now, hour),
        })
        .execute();
    },
  },
];
