import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { aBot, aRemedy, catalogue, clean, entry, playbook, problem } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { run, set } from '../support/runs.ts';
import { tellers } from './teller.ts';
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
  ['medium', 'admin', 120],
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

test.each(['low', 'info'] as const)('a %s finding alone is no ticket', async (severity) => {
  const { find } = await watching();
  expect((await find(severity)).tickets).toEqual([]);
});

test.each([
  ['high', []],
  ['medium', ['medium']],
  ['low', ['medium', 'low']],
  ['info', ['medium', 'low', 'info']],
  // Any other word counts as not set.
  ['critical', ['medium']],
  ['MEDIUM', ['medium']],
  [null, ['medium']],
  [7, ['medium']],
  [{ low: true }, ['medium']],
])(
  'with the setting tickets_from %j these get a ticket where nothing known acts: %j',
  async (from, told) => {
    const bots = await tellers({ watch: {} });
    await sql`UPDATE engine.settings SET value = value || ${JSON.stringify({ tickets_from: from })}::jsonb
              WHERE key = 'escalation'`.execute(bots.db);
    const severities = ['info', 'low', 'medium'] as const;
    const { status } = await bots.say('watch', {
      examined: [...severities],
      findings: severities.map((severity) => problem(severity, { severity })),
    });
    expect(status).toBe('success');
    const tickets = (await bots.tickets()).map(({ severity }) => severity as string);
    expect(tickets.toSorted()).toEqual(told.toSorted());
  },
);

test.each(['"soon"', '7', '[]', '"tickets_from"', 'null'])(
  'a medium finding is a ticket also where all of escalation is %s',
  async (value) => {
    const { db, find } = await watching();
    await sql`UPDATE engine.settings SET value = ${value}::jsonb WHERE key = 'escalation'`.execute(
      db,
    );
    expect((await find('medium')).tickets).toMatchObject([{ severity: 'medium', status: 'open' }]);
  },
);

const mends = () => aRemedy('disk.mend', async () => {});
const medium: CheckResult = {
  examined: ['disk'],
  findings: [problem('disk', { severity: 'medium' })],
};

test('a medium finding that an entry only matches in shadow is a ticket', async () => {
  const knowledge = [entry('mend', playbook('disk.mend'), { autonomy: 'shadow' })];
  const bots = await tellers({ watch: { knowledge, remedies: [mends()] } });
  await bots.say('watch', medium);
  expect(await bots.decisions()).toMatchObject([{ verdict: 'shadowed' }]);
  expect(await bots.tickets()).toHaveLength(1);
});

test('a medium finding that is left alone for one run, to see what becomes of it, is a ticket only after that', async () => {
  const bots = await tellers({ watch: {} });
  await bots.say('watch', { ...medium, findings: [problem('disk', { severity: 'low' })] });
  const decide = (outcome: 'pending' | 'persisted') => sql`
    INSERT INTO bot_decisions (bot_id, finding_id, fingerprint, verdict, outcome, decided_at)
    SELECT bot_id, id, fingerprint, 'held_out', ${outcome}, engine.now() FROM bot_findings`;
  await decide('pending').execute(bots.db);
  // Its outcome is concluded by the run that sees it again, so a finding that is not seen stays as it is.
  await sql`UPDATE bot_findings SET severity = 'medium', detected_at = detected_at - interval '3 hours'`.execute(
    bots.db,
  );
  await bots.say('watch', { examined: ['other'], findings: [] });
  expect(await bots.tickets()).toEqual([]);
  await bots.say('watch', medium);
  expect(await bots.tickets()).toHaveLength(1);
});

test('a medium finding to which healing did not come waits for its response target, or for a run that heals', async () => {
  let hangs = true;
  const bot = aBot('watch', {
    first: async () => medium,
    second: async () => {
      while (hangs) await new Promise((resolve) => setTimeout(resolve, 50));
      return clean('disk');
    },
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([bot]));
  const tickets = () => engine.db.selectFrom('bot_tickets').selectAll().execute();
  await sql`UPDATE bots SET timeout_seconds = 1`.execute(engine.db);
  const stopped = async () => (await run(engine, 'watch', { max_attempts: 1 })).status;
  expect(await stopped()).toBe('timeout');
  expect(await tickets()).toEqual([]);
  await sql`UPDATE bot_findings SET detected_at = detected_at - interval '2 hours'`.execute(
    engine.db,
  );
  expect(await stopped()).toBe('timeout');
  expect(await tickets()).toMatchObject([{ severity: 'medium' }]);
  await sql`DELETE FROM bot_ticket_events`.execute(engine.db);
  await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = engine.now()`.execute(
    engine.db,
  );
  await sql`UPDATE bot_findings SET detected_at = engine.now()`.execute(engine.db);
  hangs = false;
  expect((await run(engine, 'watch', { max_attempts: 1 })).status).toBe('success');
  expect(await tickets()).toHaveLength(2);
});

test('a severity without a named person makes an open ticket without a target', async () => {
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
