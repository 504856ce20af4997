import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { aBot, catalogue, clean, problem } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run, set } from '../support/runs.ts';
import type { ReportedSeverity, CheckResult } from '../../src/bot.ts';

async function watching() {
  let result: CheckResult = clean('disk');
  const engine = await anEngine(
    { name: 'postgres' },
    catalogue([aBot('watch', async () => result)]),
  );
  const tickets = () => engine.db.selectFrom('bot_tickets').selectAll().orderBy('number').execute();
  const breaks = (severity: ReportedSeverity | null) => {
    result = { examined: ['disk'], findings: severity ? [problem('disk', { severity })] : [] };
  };
  return {
    engine,
    db: engine.db,
    tickets,
    /** The disk has a problem of this severity from now on, or none. */
    breaks,
    /** A run in which it has. */
    async find(severity: ReportedSeverity | null) {
      breaks(severity);
      const row = await run(engine, 'watch', { max_attempts: 1 });
      return { row, tickets: await tickets() };
    },
  };
}

test.each([
  ['critical', 'owner', 15],
  ['high', 'javari', 30],
] as const)(
  'a %s finding is a ticket of %s with a target of %i minutes',
  async (severity, who, minutes) => {
    const { find } = await watching();
    const { tickets } = await find(severity);
    expect(tickets).toMatchObject([{ severity, assigned_to: who, status: 'assigned' }]);
    const [ticket] = tickets;
    expect(ticket!.respond_by!.getTime() - ticket!.created_at!.getTime()).toBe(minutes * 60_000);
  },
);

test.each(['medium', 'low', 'info'] as const)(
  'a %s finding alone is no ticket',
  async (severity) => {
    const { find } = await watching();
    expect((await find(severity)).tickets).toEqual([]);
  },
);

test('a severity that nobody is named for makes an open ticket without a target', async () => {
  const { db, find } = await watching();
  await set(db, 'escalation', {});
  expect((await find('critical')).tickets).toMatchObject([
    { status: 'open', assigned_to: null, respond_by: null },
  ]);
});

test.each(['"soon"', '-1e300', '1e400', '-1', '[]', 'null'])(
  'a response target of %s does not keep runs from ending, nor their tickets from people',
  async (minutes) => {
    const { db, find } = await watching();
    await sql`UPDATE engine.settings SET value = ${`{"respond_within_minutes": {"high": ${minutes}}}`}::jsonb
              WHERE key = 'escalation'`.execute(db);
    const { row, tickets } = await find('high');
    expect(row.status).toBe('success');
    expect(tickets).toMatchObject([{ severity: 'high', status: 'open' }]);
  },
);

test('a silenced finding is no ticket until the silence ends', async () => {
  const { db, find } = await watching();
  await db
    .insertInto('bot_silences')
    .values({
      owner: 'ann',
      reason: 'known',
      component: 'disk',
      expires_at: sql`engine.now() + interval '1 hour'`,
    })
    .execute();
  expect((await find('high')).tickets).toEqual([]);
  await sql`UPDATE bot_silences SET ended_at = engine.now()`.execute(db);
  expect((await find('high')).tickets).toHaveLength(1);
});

test('a ticket that a person closed stays closed, and a problem that comes back is a new one', async () => {
  const { db, find } = await watching();
  await find('high');
  await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = engine.now()`.execute(db);
  expect((await find('high')).tickets).toMatchObject([
    { status: 'closed' },
    { status: 'assigned' },
  ]);
});

test('a ticket that a person resolved while the problem goes on is opened again', async () => {
  const { db, find } = await watching();
  await find('high');
  await sql`UPDATE bot_tickets SET status = 'resolved', resolved_at = engine.now(), resolution_notes = 'done'`.execute(
    db,
  );
  expect((await find('high')).tickets).toMatchObject([{ status: 'assigned', occurrences: 2 }]);
});

test('an attempt that will be tried again opens no ticket', async () => {
  const bot = aBot('watch', {
    good: async () => ({ examined: ['disk'], findings: [problem('disk')] }),
    bad: async () => {
      throw new Error('no');
    },
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  await run(engine, 'watch', { max_attempts: 2 });
  expect(await engine.db.selectFrom('bot_tickets').selectAll().execute()).toEqual([]);
});

test('runs of one bot that end at once reopen a ticket once', async () => {
  const { engine, db, find, breaks, tickets } = await watching();
  await sql`UPDATE bots SET concurrency = 8`.execute(db);
  await find('high');
  await find(null);
  breaks('high');
  await Promise.all(Array.from({ length: 6 }, () => run(engine, 'watch', { max_attempts: 1 })));
  const open = (await tickets()).filter(({ resolved_at }) => resolved_at === null);
  expect(open).toHaveLength(1);
  const reopened = await db
    .selectFrom('bot_ticket_events')
    .selectAll()
    .where('event', '=', 'reopened')
    .execute();
  expect(reopened).toHaveLength(1);
});
