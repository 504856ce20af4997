/** Thirty-five issues at once, where GitHub takes ten and then asks to wait. */
import { sql } from 'kysely';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { trackerScene } from './github-scene.ts';
import { hurry, openTickets } from './tickets.ts';

const count = 35;

test(
  'what GitHub limits is written later: no ticket is lost, and none has two issues',
  { timeout: 600_000 },
  async () => {
    const { db, deliver, issues, state } = await trackerScene();
    state.contentLimit = { perMinute: 10, retryAfter: 5 };
    const tickets = await openTickets(db, count);
    await sql`
      INSERT INTO bot_notifications (ticket_id, channel, opens)
      SELECT id, 'tracker', true FROM unnest(${tickets.map(({ id }) => id)}::uuid[]) AS id`.execute(
      db,
    );
    const waits: string[] = [];
    for (;;) {
      await deliver();
      const rows = await db
        .selectFrom('bot_notifications')
        .select(['status', 'error_message'])
        .where('status', 'not in', ['sent', 'superseded'])
        .execute();
      expect(rows.filter(({ status }) => status !== 'pending')).toEqual([]);
      if (rows.length === 0) break;
      for (const { error_message } of rows) if (error_message) waits.push(error_message);
      await sleep(2_000);
      await hurry(db);
    }
    // Messages that had to wait are sent as one about all of them.
    const told = await db
      .selectFrom('bot_notifications as n')
      .leftJoin('bot_notifications as group', 'group.id', 'n.superseded_by')
      .select(['n.ticket_id', 'n.status', 'group.status as group_status'])
      .where('n.ticket_id', 'is not', null)
      .execute();
    expect(told).toHaveLength(count);
    const single = told.filter(({ status }) => status === 'sent').length;
    const grouped = told.filter(({ group_status }) => group_status === 'sent').length;
    expect(single + grouped).toBe(count);
    const titles = issues().map(({ title }) => title);
    const ofTickets = titles.filter((title) => /^T-\d/.test(title));
    expect(new Set(ofTickets).size).toBe(single);
    expect(ofTickets).toHaveLength(single);
    expect(waits.length).toBeGreaterThan(0);
    expect(waits.every((each) => /GitHub limits requests: it asks to wait/.test(each))).toBe(true);
  },
);
