/** The escalation policy beside people and runs: which tickets it moves, when, and what it leaves alone. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { addPolicy } from '../../src/data/escalation/policies.ts';
import { escalateDue } from '../../src/services/policy/escalate.ts';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { commentOnTicket } from '../../src/services/tickets/comment.ts';
import { mergeTickets } from '../../src/services/tickets/merge.ts';
import { reopenTicket } from '../../src/services/tickets/reopen.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { clearSeverity, overrideSeverity } from '../../src/services/tickets/severity.ts';
import { endSnooze, snoozeTicket } from '../../src/services/tickets/snooze.ts';
import { unmergeTicket } from '../../src/services/tickets/unmerge.ts';
import { unassignTicket } from '../../src/services/tickets/unassign.ts';
import { acknowledgeTicket as acknowledge } from '../../src/transitions/tickets/acknowledge.ts';
import { wakeTickets } from '../../src/transitions/tickets/wake.ts';
import { TicketChangedError } from '../../src/data/bots/bot-tickets.ts';
import type { PolicyDocument } from '../../src/policy/schema.ts';
import { insertBot, insertFinding, insertTicket } from '../cli/rows.ts';
import { movableClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { waiting } from '../support/held.ts';

const { db } = await testDatabase();
const later = await movableClock(db);
const minutes = (count: number) => later(count * 60);
const hours = (count: number) => later(count * 3_600);
let bot: string;
let ticket: string;

const as = (name: string) => ({ db, actor: { name, role: 'operator' as const } });
const job = () => db.transaction().execute((trx) => escalateDue(trx, 500));
const row = () =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('number', '=', ticket.slice(2))
    .executeTakeFirstOrThrow();
const events = async (...words: string[]) =>
  (
    await db
      .selectFrom('bot_ticket_events')
      .select(['event', 'actor', 'detail'])
      .where('ticket_id', '=', (await row()).id)
      .orderBy('id')
      .execute()
  ).filter(({ event }) => words.length === 0 || words.includes(event));
const who = async () => (await row()).assigned_to;

/** What is opened from now on has this policy. */
async function policy(...rules: PolicyDocument['rules']): Promise<number> {
  return (await addPolicy(db, { rules }, 'ann')).version;
}
const given = (values: Parameters<typeof insertTicket>[3] = {}) =>
  insertTicket(db, bot, 'it pages', {
    severity: 'high',
    status: 'assigned',
    assigned_to: 'javari',
    ...values,
  });

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_silences, bot_maintenance CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  const { version } = await addPolicy(
    db,
    (
      await db
        .selectFrom('engine.policies')
        .select('policy')
        .where('version', '=', 1)
        .executeTakeFirstOrThrow()
    ).policy,
    'ann',
  );
  ticket = await given();
  expect(await row()).toMatchObject({ policy_version: version, escalation_step: 0 });
});

describe('the default', () => {
  test("gives javari's ticket to the admin after 30 minutes, then to the owner, and then rests", async () => {
    await minutes(29);
    expect(await job()).toMatchObject({ asked: 1, escalated: 0 });
    expect(await job()).toMatchObject({ asked: 0 });
    await minutes(1);
    expect(await job()).toMatchObject({ asked: 1, escalated: 1 });
    const { policy_version } = await row();
    expect(await row()).toMatchObject({ status: 'assigned', assigned_to: 'admin' });
    expect(await job()).toMatchObject({ asked: 0 });
    await minutes(30);
    await job();
    expect(await events('escalated')).toEqual([
      {
        event: 'escalated',
        actor: 'policy',
        detail: { step: 1, from: 'javari', to: 'admin', policy: policy_version },
      },
      {
        event: 'escalated',
        actor: 'policy',
        detail: { step: 2, from: 'admin', to: 'owner', policy: policy_version },
      },
    ]);
    await hours(1_000);
    expect(await job()).toMatchObject({ asked: 0 });
    expect(await row()).toMatchObject({ assigned_to: 'owner', escalate_at: null });
  });

  test('leaves a merged ticket alone, and takes it up when it stands for itself again', async () => {
    const survivor = await given({ assigned_to: 'admin' });
    await mergeTickets(as('ann'), { tickets: [ticket], into: survivor });
    await hours(100);
    await job();
    expect(await events('escalated')).toEqual([]);
    await unmergeTicket(as('ann'), { ticket });
    expect(await job()).toMatchObject({ escalated: 1 });
    expect(await events('escalated')).toHaveLength(1);
  });

  test('leaves the tickets of people alone', async () => {
    ticket = await given({ assigned_to: 'admin' });
    await hours(100);
    await job();
    expect(await who()).toBe('admin');
  });

  test('after a time without workers takes the last step, and not all of them', async () => {
    await hours(10);
    await job();
    expect(await events('escalated')).toMatchObject([
      { detail: { step: 2, from: 'javari', to: 'owner' } },
    ]);
  });
});

describe('a person', () => {
  test('who acknowledges it stops the steps', async () => {
    await minutes(29);
    await acknowledgeTicket(as('ann'), { ticket });
    await hours(100);
    await job();
    expect(await row()).toMatchObject({ assigned_to: 'javari', acknowledged_by: 'ann' });
  });

  test('who takes it stops them, also where the policy gave it to them', async () => {
    const general = {
      steps: [
        { after: '10m', to: 'ann' },
        { after: '20m', to: 'owner' },
      ],
    };
    await policy(general);
    ticket = await given();
    await minutes(10);
    await job();
    expect(await who()).toBe('ann');
    expect(await assignTicket(as('ann'), { ticket, who: 'ann' })).toMatchObject({
      unchanged: false,
    });
    expect(await row()).toMatchObject({ assigned_to: 'ann', acknowledged_by: 'ann' });
    expect(await assignTicket(as('ann'), { ticket, who: 'ann' })).toMatchObject({
      unchanged: true,
    });
    await hours(100);
    await job();
    expect(await who()).toBe('ann');
  });

  test('who gives it to another gives them the whole time of the rule for them', async () => {
    await policy(
      { when: { assignees: ['bob'] }, steps: [{ after: '40m', to: 'carl' }] },
      { steps: [{ after: '30m', to: 'owner' }] },
    );
    ticket = await given();
    await minutes(25);
    await assignTicket(as('ann'), { ticket, who: 'bob' });
    await minutes(39);
    await job();
    expect(await who()).toBe('bob');
    await minutes(1);
    await job();
    expect(await who()).toBe('carl');
  });

  test('who gives it back ends the acknowledgement, and the clock begins anew', async () => {
    await policy({ when: { unassigned: true }, steps: [{ after: '30m', to: 'owner' }] });
    ticket = await given();
    await acknowledgeTicket(as('ann'), { ticket });
    await hours(5);
    await unassignTicket(as('ann'), { ticket });
    await minutes(29);
    await job();
    expect(await row()).toMatchObject({ status: 'open', assigned_to: null });
    await minutes(1);
    await job();
    expect(await row()).toMatchObject({ status: 'assigned', assigned_to: 'owner' });
  });

  test.each(['before', 'after'])(
    'who acknowledges it in the moment of a step, %s it',
    async (when) => {
      await minutes(30);
      const seen = await row();
      const acknowledging = () => db.transaction().execute((trx) => acknowledge(trx, seen, 'ann'));
      if (when === 'before') {
        // The job skips what the acknowledgement holds.
        await db.transaction().execute(async (trx) => {
          await acknowledge(trx, seen, 'ann');
          expect(await job()).toMatchObject({ asked: 0 });
        });
        expect(await job()).toMatchObject({ asked: 1, escalated: 0 });
        expect(await row()).toMatchObject({ assigned_to: 'javari', acknowledged_by: 'ann' });
        expect(await events('escalated')).toEqual([]);
      } else {
        const { slow } = await db.transaction().execute(async (trx) => {
          await escalateDue(trx, 500);
          const slow = acknowledging().catch((error: unknown) => error);
          await expect.poll(waiting(db), { timeout: 10_000 }).toBeGreaterThan(0);
          return { slow };
        });
        const lost = await slow;
        expect(lost).toBeInstanceOf(TicketChangedError);
        expect((lost as TicketChangedError).why).toMatch(
          /^policy escalated it at .* UTC: it is assigned to admin$/,
        );
        expect(await row()).toMatchObject({ assigned_to: 'admin', acknowledged_at: null });
      }
    },
  );
});

describe('the clock', () => {
  test('begins anew when a ticket is reopened, which keeps its policy', async () => {
    await hours(10);
    await job();
    const { policy_version } = await row();
    await resolveTicket(as('ann'), { ticket: await row(), cure: undefined, notes: 'mended' });
    await policy({ steps: [{ after: '1m', to: 'nurse' }] });
    await hours(1);
    expect(await job()).toMatchObject({ asked: 0 });
    await reopenTicket(as('ann'), { ticket, reason: 'not mended' });
    expect(await row()).toMatchObject({ policy_version, escalation_step: 0, assigned_to: 'owner' });
    await hours(10);
    await job();
    // The owner has it, for whom the default has no rule.
    expect(await who()).toBe('owner');
  });

  test('stands while a ticket is snoozed, and begins anew when it wakes, by itself or by a person', async () => {
    await snoozeTicket(as('ann'), { ticket, seconds: 7_200 });
    await hours(1);
    await job();
    expect(await who()).toBe('javari');
    await hours(2);
    // Its time is over, and no timer has woken it.
    expect(await job()).toMatchObject({ escalated: 0 });
    await wakeTickets(db, 100);
    await minutes(29);
    await job();
    expect(await who()).toBe('javari');
    await minutes(1);
    await job();
    expect(await who()).toBe('admin');
    await snoozeTicket(as('ann'), { ticket, seconds: 7_200 });
    await minutes(50);
    await endSnooze(as('ann'), { ticket });
    expect(await job()).toMatchObject({ escalated: 0 });
    expect(await row()).toMatchObject({ assigned_to: 'admin', escalation_step: 0 });
  });

  test('begins anew when it becomes more severe, and not when less', async () => {
    await policy({ steps: [{ after: '30m', to: 'owner' }] });
    ticket = await given({ severity: 'medium', assigned_to: 'bob' });
    await minutes(20);
    await overrideSeverity(as('ann'), { ticket, severity: 'low', reason: 'x' });
    await minutes(5);
    await clearSeverity(as('ann'), { ticket });
    await minutes(5);
    await job();
    expect(await who()).toBe('bob');
    await minutes(20);
    await overrideSeverity(as('ann'), { ticket, severity: 'low', reason: 'x' });
    await minutes(5);
    await job();
    expect(await who()).toBe('owner');
  });

  test('of a ticket that the platform writes begins when it is written, whatever time it has', async () => {
    await sql`
      INSERT INTO bot_tickets (bot_id, severity, title, description, assigned_to, created_at)
      VALUES (${bot}, 'high', 'own', 'own', 'javari', '2001-01-01')`.execute(db);
    const { number } = await db
      .selectFrom('bot_tickets')
      .select('number')
      .orderBy('number', 'desc')
      .executeTakeFirstOrThrow();
    ticket = `T-${number}`;
    await minutes(29);
    await job();
    expect(await who()).toBe('javari');
    await minutes(1);
    await job();
    expect(await who()).toBe('admin');
  });
});

test('who may only insert tickets gets the policy without any right to it', async () => {
  const written = db.transaction().execute(async (trx) => {
    await sql`CREATE ROLE platform_code BYPASSRLS`.execute(trx);
    await sql`GRANT INSERT ON bot_tickets TO platform_code`.execute(trx);
    await sql`SET LOCAL ROLE platform_code`.execute(trx);
    await sql`INSERT INTO bot_tickets (bot_id, severity, title, description)
      VALUES (${bot}, 'high', 'by its own role', 'x')`.execute(trx);
    await sql`RESET ROLE`.execute(trx);
    const { rows } = await sql`
      SELECT policy_version = engine.current_policy() AS has, escalate_at <= engine.now() AS due
      FROM bot_tickets WHERE title = 'by its own role'`.execute(trx);
    throw Object.assign(new Error('undone'), { rows });
  });
  await expect(written).rejects.toMatchObject({ rows: [{ has: true, due: true }] });
});

test('a ticket keeps the policy with which it began', async () => {
  await policy({ steps: [{ after: '5m', to: 'nurse' }] });
  const old = ticket;
  ticket = await given();
  await minutes(5);
  await job();
  expect(await who()).toBe('nurse');
  ticket = old;
  expect(await who()).toBe('javari');
});

test('reminders are written with why, and an acknowledged ticket that is left is paged again', async () => {
  const version = await policy({ remind_every: '1h', page_again_after: '4h' });
  ticket = await given({ assigned_to: 'bob' });
  await hours(1);
  await job();
  await hours(1);
  await job();
  expect(await events('reminded')).toEqual(
    [1, 2].map(() => ({
      event: 'reminded',
      actor: 'policy',
      detail: { why: 'it is not acknowledged', to: 'bob', policy: version },
    })),
  );
  await acknowledgeTicket(as('bob'), { ticket });
  await hours(3);
  await commentOnTicket(as('bob'), { ticket, text: 'I am on it' });
  await hours(3);
  expect(await job()).toMatchObject({ reminded: 0 });
  await hours(1);
  expect(await job()).toMatchObject({ reminded: 1 });
  expect((await events('reminded')).at(-1)!.detail).toMatchObject({
    why: expect.stringMatching(/^it is acknowledged, and no person has changed it since .* UTC$/),
  });
  expect(await row()).toMatchObject({ acknowledged_by: 'bob' });
  await hours(3);
  expect(await job()).toMatchObject({ reminded: 0 });
  await hours(1);
  expect(await job()).toMatchObject({ reminded: 1 });
});

test('what a silence covers waits, and is given on when the silence is over', async () => {
  const finding = await insertFinding(db, bot, 'quiet', { fingerprint: 'quiet' });
  ticket = await given({ fingerprint: 'quiet', finding_id: finding });
  await sql`
    INSERT INTO bot_silences (owner, reason, component, expires_at)
    VALUES ('ann', 'known', '/v1', engine.now() + interval '2 hours')`.execute(db);
  await hours(1);
  await job();
  expect(await who()).toBe('javari');
  await hours(2);
  await job();
  expect(await who()).toBe('owner');
});

test('what maintenance holds back waits, and is given on when the window is over', async () => {
  await sql`
    INSERT INTO bot_maintenance (owner, reason, bot_ids, occurrences)
    VALUES ('ann', 'upgrade', ARRAY[${bot}::uuid], tstzmultirange(tstzrange(engine.now(), engine.now() + interval '2 hours')))`.execute(
    db,
  );
  await hours(1);
  await job();
  expect(await who()).toBe('javari');
  await hours(2);
  await job();
  expect(await who()).not.toBe('javari');
});

test('a policy that cannot be read moves nothing, and says so', async () => {
  const { version } = await addPolicy(db, { rules: 'edited by hand' }, 'ann');
  ticket = await given();
  await hours(10);
  expect(await job()).toMatchObject({ unreadable: [version] });
  expect(await who()).toBe('javari');
  await sql`UPDATE engine.policies SET policy = '{"rules": [{"steps": [{"after": "1m", "to": "ann"}]}]}' WHERE version = ${version}`.execute(
    db,
  );
  await minutes(10);
  await job();
  expect(await who()).toBe('ann');
});

test('of 10,000 pending tickets only those are touched that are due, by the index', async () => {
  await sql`
    INSERT INTO bot_tickets (bot_id, fingerprint, severity, title, description, status, assigned_to)
    SELECT ${bot}::uuid, 'f' || n, 'medium', 'x', 'x', 'assigned', CASE WHEN n % 100 = 0 THEN 'javari' ELSE 'bob' END
    FROM generate_series(1, 10000) n`.execute(db);
  let asked = 0;
  for (;;) {
    const done = await job();
    asked += done.asked;
    if (done.asked < 500) break;
  }
  expect(asked).toBe(10_001);
  await sql`ANALYZE bot_tickets`.execute(db);
  await minutes(1);
  expect(await job()).toMatchObject({ asked: 0 });
  const plan = await sql<{ 'QUERY PLAN': string }>`
    EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT t.id FROM bot_tickets t
    WHERE t.status IN ('open', 'assigned') AND t.escalate_at <= engine.now() ORDER BY t.escalate_at LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED`.execute(
    db,
  );
  const text = plan.rows.map((line) => line['QUERY PLAN']).join('\n');
  expect(text).toContain('idx_tickets_escalate');
  expect(text).not.toContain('Seq Scan');
  await minutes(29);
  expect(await job()).toMatchObject({ asked: 101, escalated: 101 });
});
