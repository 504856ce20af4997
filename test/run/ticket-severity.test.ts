/** A ticket whose problem a run finds more severe, or less, than it was. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { TicketChangedError } from '../../src/data/bots/bot-tickets.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { unassignTicket } from '../../src/services/tickets/unassign.ts';
import { acknowledgeTicket as acknowledge } from '../../src/transitions/tickets/acknowledge.ts';
import { problem } from '../support/builders.ts';
import { waiting } from '../support/held.ts';
import { set } from '../support/runs.ts';
import { tellers } from './teller.ts';

const ticket = 'T-1';
const minutes = { critical: 15, high: 30, medium: 120 };

async function watched() {
  const bots = await tellers({ watch: {} });
  const { db } = bots;
  await set(db, 'mode', 'off');
  const one = async () => (await bots.tickets())[0]!;
  return {
    ...bots,
    one,
    ann: { db, actor: { name: 'ann', role: 'operator' as const } },
    /** A run that finds the disk this broken, or well; its ticket afterwards. */
    async finds(severity: ReportedSeverity | null) {
      const findings = severity ? [problem('disk', { severity })] : [];
      await bots.say('watch', { examined: ['disk'], findings });
      return one();
    },
    events: () =>
      db
        .selectFrom('bot_ticket_events')
        .select(['event', 'actor', 'detail'])
        .orderBy('id')
        .execute(),
  };
}

/** In how many minutes from now a person has to respond, rounded. */
const due = (row: { respond_by: Date | null }) =>
  Math.round((row.respond_by!.getTime() - Date.now()) / 60_000);

test.each([
  ['medium', 'high', 'admin', 'javari'],
  ['medium', 'critical', 'admin', 'owner'],
  ['high', 'critical', 'javari', 'owner'],
] as const)(
  'a %s ticket that becomes %s has the clock and the person of that, and no acknowledgement',
  async (was, becomes, before, after) => {
    const at = await watched();
    expect(await at.finds(was)).toMatchObject({ severity: was, assigned_to: before });
    await acknowledgeTicket(at.ann, { ticket });
    const seen = await at.one();
    const raised = await at.finds(becomes);
    expect(raised).toMatchObject({
      severity: becomes,
      status: 'assigned',
      assigned_to: after,
      acknowledged_at: null,
      acknowledged_by: null,
      occurrences: 2,
    });
    expect(due(raised)).toBe(minutes[becomes]);
    expect((await at.events()).at(-1)).toMatchObject({
      event: 'raised',
      actor: 'roundsman',
      detail: {
        from: was,
        to: becomes,
        assigned_to: after,
        unacknowledged: 'ann',
        execution_id: expect.any(String),
      },
    });
    // The person who acknowledged the less severe ticket has not acknowledged this one.
    const late = at.db.transaction().execute((trx) => acknowledge(trx, seen, 'bob'));
    await expect(late).rejects.toBeInstanceOf(TicketChangedError);
    await expect(late).rejects.toMatchObject({
      why: expect.stringMatching(/^roundsman raised it/),
    });
  },
);

test('a clock that runs out earlier stays: it never starts later because a problem got worse', async () => {
  const at = await watched();
  await at.finds('medium');
  await sql`UPDATE bot_tickets SET respond_by = engine.now() + interval '5 minutes'`.execute(at.db);
  expect(due(await at.finds('critical'))).toBe(5);
});

test('a ticket without a clock gets the one of its new severity, and keeps its own where that has none', async () => {
  const at = await watched();
  await at.finds('medium');
  await sql`UPDATE bot_tickets SET respond_by = NULL`.execute(at.db);
  expect(due(await at.finds('high'))).toBe(30);
  await set(at.db, 'escalation', {});
  const raised = await at.finds('critical');
  expect(raised).toMatchObject({ severity: 'critical', assigned_to: 'javari' });
  expect(due(raised)).toBe(30);
});

test.each([
  ['a person has it', 'bob', async (at: Watched) => assignTicket(at.ann, { ticket, who: 'bob' })],
  [
    'a person assigned it to the same assignee',
    'admin',
    async (at: Watched) => {
      await unassignTicket(at.ann, { ticket });
      await assignTicket(at.ann, { ticket, who: 'admin' });
    },
  ],
  ['a person unassigned it', null, async (at: Watched) => unassignTicket(at.ann, { ticket })],
] as const)('where %s, it stays with %s', async (_, who, change) => {
  const at = await watched();
  await at.finds('medium');
  await change(at);
  const raised = await at.finds('critical');
  expect(raised).toMatchObject({ severity: 'critical', assigned_to: who });
  expect(due(raised)).toBe(15);
});
type Watched = Awaited<ReturnType<typeof watched>>;

test('a ticket without an assignee, because no person is named for its severity, goes to the person named for the new one', async () => {
  const at = await watched();
  await sql`UPDATE engine.settings SET value = value #- '{assignees,medium}' WHERE key = 'escalation'`.execute(
    at.db,
  );
  expect(await at.finds('medium')).toMatchObject({ status: 'open', assigned_to: null });
  expect(await at.finds('critical')).toMatchObject({ status: 'assigned', assigned_to: 'owner' });
});

test('what a person writes while a run waits for the ticket is judged as it was written', async () => {
  const at = await watched();
  await at.finds('medium');
  const raised = await at.db.transaction().execute(async (trx) => {
    await acknowledge(trx, await at.one(), 'bob');
    const running = at.finds('critical');
    await expect.poll(waiting(at.db), { timeout: 10_000 }).toBeGreaterThan(0);
    return { running };
  });
  expect(await raised.running).toMatchObject({
    severity: 'critical',
    assigned_to: 'owner',
    acknowledged_at: null,
  });
  expect((await at.events()).slice(-2)).toMatchObject([
    { event: 'acknowledged', actor: 'bob' },
    { event: 'raised', detail: { unacknowledged: 'bob' } },
  ]);
});

test('a ticket that becomes less severe says so, and keeps clock, person and acknowledgement', async () => {
  const at = await watched();
  await at.finds('critical');
  await acknowledgeTicket(at.ann, { ticket });
  const before = await at.one();
  const { respond_by, acknowledged_at, assigned_to } = before;
  expect(await at.finds('medium')).toMatchObject({
    severity: 'medium',
    respond_by,
    acknowledged_at,
    acknowledged_by: 'ann',
    assigned_to,
  });
  expect((await at.events()).at(-1)).toMatchObject({
    event: 'lowered',
    actor: 'roundsman',
    detail: { from: 'critical', to: 'medium' },
  });
  const events = (await at.events()).length;
  await at.finds('medium');
  expect(await at.events()).toHaveLength(events);
});

test('a problem that comes back more severe reopens its ticket for the person named for the new severity', async () => {
  const at = await watched();
  await at.finds('medium');
  await at.finds(null);
  const reopened = await at.finds('critical');
  expect(reopened).toMatchObject({ number: '1', status: 'assigned', assigned_to: 'owner' });
  expect(due(reopened)).toBe(15);
  expect((await at.events()).slice(-2)).toMatchObject([
    { event: 'reopened' },
    { event: 'raised', detail: { from: 'medium', to: 'critical', assigned_to: 'owner' } },
  ]);
  await at.finds(null);
  expect(await at.finds('high')).toMatchObject({ severity: 'high', assigned_to: 'owner' });
  expect((await at.events()).slice(-2)).toMatchObject([
    { event: 'reopened' },
    { event: 'lowered', detail: { from: 'critical', to: 'high' } },
  ]);
});

test('a reopened ticket that a person had assigned keeps its assignee when its problem is more severe', async () => {
  const at = await watched();
  await at.finds('medium');
  await assignTicket(at.ann, { ticket, who: 'bob' });
  await resolveTicket(at.ann, { ticket: await at.one(), cure: undefined, notes: 'mended' });
  expect(await at.finds('critical')).toMatchObject({ severity: 'critical', assigned_to: 'bob' });
});

describe("a storm's ticket", () => {
  const names = Array.from({ length: 6 }, (_, index) => `node-${index}`);
  async function storm() {
    const at = await watched();
    return {
      ...at,
      async rages(worst: ReportedSeverity, broken = 6) {
        await at.say('watch', {
          examined: names,
          findings: names
            .slice(0, broken)
            .map((name, index) => problem(name, { severity: index === 0 ? worst : 'low' })),
        });
        return at.one();
      },
    };
  }

  test('that gets worse is raised as any other, and a storm that comes back worse too', async () => {
    const at = await storm();
    expect(await at.rages('medium')).toMatchObject({ assigned_to: 'admin' });
    await acknowledgeTicket(at.ann, { ticket });
    const raised = await at.rages('critical');
    expect(raised).toMatchObject({
      severity: 'critical',
      assigned_to: 'owner',
      acknowledged_at: null,
    });
    expect(due(raised)).toBe(15);
    expect(await at.rages('high')).toMatchObject({ severity: 'high', assigned_to: 'owner' });
    await at.rages('low', 0);
    await at.rages('critical');
    expect((await at.events()).map(({ event }) => event)).toEqual([
      'opened',
      'acknowledged',
      'raised',
      'lowered',
      'resolved',
      'reopened',
      'raised',
    ]);
  });

  test('says in its history that the storm has ended, and with what', async () => {
    const at = await storm();
    await at.rages('medium');
    await at.rages('medium', 1);
    expect((await at.events())[1]).toMatchObject({
      event: 'resolved',
      actor: 'roundsman',
      detail: {
        storm: { broken: 1, of: 6, most: 6 },
        notes: 'The storm is over: 1 component is broken still: node-0.',
      },
    });
  });
});
