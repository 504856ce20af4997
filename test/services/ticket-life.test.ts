/** What people do with a ticket, against each other and against the runs of its bot. */
import { sql, type Transaction } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { acknowledgeTicket } from '../../src/services/tickets/acknowledge.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { closeTicket, NotClosedError } from '../../src/services/tickets/close.ts';
import { commentOnTicket } from '../../src/services/tickets/comment.ts';
import { NotReopenedError, reopenTicket } from '../../src/services/tickets/reopen.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { overrideSeverity as rateTicket } from '../../src/services/tickets/severity.ts';
import { snoozeTicket as snoozeIt } from '../../src/services/tickets/snooze.ts';
import { unassignTicket } from '../../src/services/tickets/unassign.ts';
import { TicketNotPendingError } from '../../src/services/references/ticket.ts';
import { TicketChangedError, type TicketRow } from '../../src/data/bots/bot-tickets.ts';
import type { Database } from '../../src/database/connect.ts';
import { acknowledgeTicket as acknowledge } from '../../src/transitions/tickets/acknowledge.ts';
import { assignTicket as assign } from '../../src/transitions/tickets/assign.ts';
import { closeOldTickets, closeTicket as close } from '../../src/transitions/tickets/close.ts';
import { reopenResolved } from '../../src/transitions/tickets/reopen-resolved.ts';
import {
  clearSeverity,
  overrideSeverity,
} from '../../src/transitions/tickets/override-severity.ts';
import { endSnooze, snoozeTicket } from '../../src/transitions/tickets/snooze.ts';
import { unassignTicket as unassign } from '../../src/transitions/tickets/unassign.ts';
import { insertBot, insertFinding, insertTicket } from '../cli/rows.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { movableClock } from '../support/clocks.ts';
import { testDatabase } from '../support/database.ts';
import { anEngine } from '../support/engine.ts';
import { run } from '../support/runs.ts';

const { db } = await testDatabase();
const as = (name: string) => ({ db, actor: { name, role: 'operator' as const } });
const ticket = 'T-1';
let bot: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_tickets RESTART IDENTITY CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  const finding_id = await insertFinding(db, bot, 'it is broken', { fingerprint: 'fp' });
  await insertTicket(db, bot, 'it is broken', { fingerprint: 'fp', finding_id });
});

const row = () => db.selectFrom('bot_tickets').selectAll().executeTakeFirstOrThrow();
const events = async () =>
  (await db.selectFrom('bot_ticket_events').select(['event', 'actor']).orderBy('id').execute()).map(
    ({ event, actor }) => `${actor} ${event}`,
  );
const resolve = async (name: string) =>
  resolveTicket(as(name), { ticket: await row(), cure: undefined, notes: 'mended' });
const why = (error: unknown) => (error as { why?: string }).why;

test.each(['a\nb', '\u{202e}bob', 'b\u{200b}ob', '\u{1b}[31mann', 'a\tb'])(
  'a name that does not show as it is has no ticket: %j',
  async (who) => {
    const before = await row();
    await expect(assignTicket(as('ann'), { ticket, who })).rejects.toMatchObject({
      what: 'the ticket cannot be assigned',
      why: expect.stringContaining('does not show'),
    });
    expect(await row()).toEqual(before);
  },
);

test('me is who assigns, who takes the ticket by that', async () => {
  const { ticket: taken, took } = await assignTicket(as('ann'), { ticket, who: ' me ' });
  expect(taken).toMatchObject({ assigned_to: 'ann', acknowledged_by: 'ann' });
  expect(took).toBe(true);
});

test('acknowledging stops the response clock, and only the first time is written', async () => {
  expect(await acknowledgeTicket(as('ann'), { ticket })).toMatchObject({ unchanged: false });
  expect(await acknowledgeTicket(as('bob'), { ticket })).toMatchObject({
    unchanged: true,
    ticket: { acknowledged_by: 'ann' },
  });
  expect(await events()).toEqual(['ann acknowledged']);
});

test('who is taken from a ticket no longer looks after it', async () => {
  await assignTicket(as('ann'), { ticket, who: 'bob' });
  await acknowledgeTicket(as('bob'), { ticket });
  expect(await unassignTicket(as('ann'), { ticket })).toMatchObject({
    before: 'bob',
    ticket: { status: 'open', assigned_to: null, acknowledged_at: null, acknowledged_by: null },
  });
  expect(await unassignTicket(as('ann'), { ticket })).toMatchObject({ unchanged: true });
  expect(await events()).toEqual(['ann assigned', 'bob acknowledged', 'ann unassigned']);
});

test('reopening clears the acknowledgement and gives a new time to respond by', async () => {
  await acknowledgeTicket(as('ann'), { ticket });
  await resolve('ann');
  await sql`UPDATE bot_tickets SET respond_by = '2020-01-01'`.execute(db);
  const reopened = await reopenTicket(as('bob'), { ticket, reason: 'still there' });
  expect(reopened).toMatchObject({
    status: 'open',
    resolved_at: null,
    acknowledged_at: null,
    snoozed_until: null,
    // Its finding is open.
    reopened_by: null,
  });
  expect(reopened.respond_by!.getTime()).toBeGreaterThan(Date.now());
});

test('what cannot be done says why, and writes nothing', async () => {
  await expect(reopenTicket(as('ann'), { ticket, reason: 'x' })).rejects.toBeInstanceOf(
    NotReopenedError,
  );
  await expect(closeTicket(as('ann'), { ticket })).rejects.toBeInstanceOf(NotClosedError);
  await resolve('ann');
  for (const change of [acknowledgeTicket, unassignTicket])
    await expect(change(as('bob'), { ticket })).rejects.toBeInstanceOf(TicketNotPendingError);
  await closeTicket(as('ann'), { ticket });
  expect(await closeTicket(as('bob'), { ticket })).toMatchObject({ unchanged: true });
  await expect(reopenTicket(as('bob'), { ticket, reason: 'x' })).rejects.toMatchObject({
    why: 'it is closed, which is final',
  });
  // Words are always taken.
  await commentOnTicket(as('bob'), { ticket, text: ' why?\u0000 ' });
  expect(await events()).toEqual(['ann resolved', 'ann closed', 'bob commented']);
});

test('a ticket is not reopened beside another one of its problem', async () => {
  await resolve('ann');
  await sql`UPDATE bot_tickets SET resolved_at = resolved_at - interval '2 days'`.execute(db);
  const seen = await row();
  await insertTicket(db, bot, 'it is broken again', { fingerprint: 'fp' });
  await expect(reopenTicket(as('ann'), { ticket, reason: 'x' })).rejects.toMatchObject({
    why: 'T-2 stands for its problem now',
  });
  const late = db.transaction().execute((trx) => reopenResolved(trx, seen, 'x', 'ann'));
  await expect(late).rejects.toMatchObject({ why: 'T-2 stands for its problem since then' });
});

test('a ticket of a storm, and one of a removed bot, are not reopened by a person', async () => {
  await resolve('ann');
  await sql`UPDATE bots SET status = 'disabled', removed_at = engine.now()`.execute(db);
  await expect(reopenTicket(as('ann'), { ticket, reason: 'x' })).rejects.toMatchObject({
    why: 'its bot was removed',
    hint: expect.stringContaining('bots enable watch'),
  });
  await sql`UPDATE bots SET removed_at = NULL`.execute(db);
  await sql`UPDATE bot_tickets SET fingerprint = 'storm-' || bot_id`.execute(db);
  await expect(reopenTicket(as('ann'), { ticket, reason: 'x' })).rejects.toMatchObject({
    why: 'it stands for a storm',
  });
});

type Change = (trx: Transaction<Database>, seen: TicketRow, actor: string) => Promise<unknown>;

describe('of two who have seen the same ticket, one changes it', () => {
  const pendingChanges: Record<string, Change> = {
    acknowledged: acknowledge,
    assigned: (trx, seen, actor) => assign(trx, seen, 'carl', actor),
    unassigned: unassign,
    rated: (trx, seen, actor) =>
      overrideSeverity(trx, seen, { severity: 'low', reason: 'x' }, actor),
    unrated: clearSeverity,
    snoozed: (trx, seen, actor) => snoozeTicket(trx, seen, { occurrences: 3 }, actor),
    woken: endSnooze,
  };
  const resolvedChanges: Record<string, Change> = {
    reopened: (trx, seen, actor) => reopenResolved(trx, seen, 'x', actor),
    closed: close,
  };
  const pairs = (changes: object) =>
    Object.keys(changes).flatMap((one) => Object.keys(changes).map((other) => [one, other]));

  test.each([
    ...pairs(pendingChanges).map(([one, other]) => [one!, other!, false] as const),
    ...pairs(resolvedChanges).map(([one, other]) => [one!, other!, true] as const),
  ])('%s and %s', async (one, other, isResolved) => {
    const changes = isResolved ? resolvedChanges : pendingChanges;
    await assignTicket(as('dora'), { ticket, who: 'dora' });
    await rateTicket(as('dora'), { ticket, severity: 'critical', reason: 'x' });
    await snoozeIt(as('dora'), { ticket, seconds: 3600 });
    if (isResolved) await resolve('dora');
    const seen = await row();
    const before = (await events()).length;
    const outcomes = await Promise.allSettled([
      db.transaction().execute((trx) => changes[one]!(trx, seen, 'ann')),
      db.transaction().execute((trx) => changes[other]!(trx, seen, 'bob')),
    ]);
    const lost = outcomes.findIndex(({ status }) => status === 'rejected');
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    const { reason } = outcomes[lost] as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(TicketChangedError);
    const [winner, did] = lost === 0 ? ['bob', other] : ['ann', one];
    expect(why(reason)).toMatch(new RegExp(`^${winner} ${did} it at .* UTC: it is `));
    expect((await events()).slice(before)).toEqual([`${winner} ${did}`]);
    expect((await row()).version).toBe(seen.version + 1);
  });

  test('a resolve beats a late acknowledgement, and an acknowledgement does not keep it from coming', async () => {
    const seen = await row();
    await acknowledgeTicket(as('ann'), { ticket });
    await resolveTicket(as('bob'), { ticket: seen, cure: undefined, notes: 'mended' });
    const late = db.transaction().execute((trx) => acknowledge(trx, seen, 'carl'));
    await expect(late).rejects.toMatchObject({
      why: expect.stringMatching(/^bob resolved it at .*: it is resolved$/),
    });
    expect(await row()).toMatchObject({ status: 'resolved', acknowledged_by: 'ann' });
  });
});

describe('beside the runs of its bot', () => {
  async function failing() {
    let isBroken = true;
    let errs = false;
    const watch = aBot('watch', async () => {
      if (errs) throw new Error('it cannot be asked');
      return isBroken ? broken('disk') : clean('disk');
    });
    const engine = await anEngine({ name: 'postgres' }, catalogue([watch]));
    await run(engine, 'watch');
    const one = () =>
      engine.db.selectFrom('bot_tickets').selectAll().orderBy('number').executeTakeFirstOrThrow();
    return {
      db: engine.db,
      engine,
      errs: () => void (errs = true),
      ann: { db: engine.db, actor: { name: 'ann', role: 'operator' as const } },
      one,
      seen: async (broken: boolean) => {
        isBroken = broken;
        await run(engine, 'watch');
        return one();
      },
    };
  }

  test('occurrences are counted without a new version, and touch nothing that people wrote', async () => {
    const at = await failing();
    await acknowledgeTicket(at.ann, { ticket });
    await commentOnTicket(at.ann, { ticket, text: 'asked' });
    const before = await at.one();
    expect(await at.seen(true)).toMatchObject({
      version: before.version,
      occurrences: before.occurrences + 1,
      acknowledged_at: before.acknowledged_at,
      acknowledged_by: 'ann',
    });
  });

  test('a problem that comes back reopens its ticket without the old acknowledgement', async () => {
    const at = await failing();
    await acknowledgeTicket(at.ann, { ticket });
    expect(await at.seen(false)).toMatchObject({ status: 'resolved', acknowledged_by: 'ann' });
    await sql`UPDATE bot_tickets SET respond_by = '2020-01-01'`.execute(at.db);
    const again = await at.seen(true);
    expect(again).toMatchObject({
      status: 'assigned',
      acknowledged_at: null,
      acknowledged_by: null,
    });
    expect(again.respond_by!.getTime()).toBeGreaterThan(Date.now());
  });

  test('a ticket reopened although its problem is gone ends only by a person', async () => {
    const at = await failing();
    await at.seen(false);
    expect(await reopenTicket(at.ann, { ticket, reason: 'not sure' })).toMatchObject({
      reopened_by: 'ann',
    });
    expect(await at.seen(false)).toMatchObject({ status: 'assigned' });
    const seen = await at.one();
    await resolveTicket(at.ann, { ticket: seen, cure: undefined, notes: 'sure' });
    expect(await at.one()).toMatchObject({ status: 'resolved', reopened_by: null });
    // It comes back, and goes by itself.
    expect(await at.seen(true)).toMatchObject({ status: 'assigned' });
    expect(await at.seen(false)).toMatchObject({ status: 'resolved', resolved_by: 'roundsman' });
  });

  test('a problem that no run has seen since a person ended its ticket gets none, closed or not', async () => {
    const at = await failing();
    const seen = await at.one();
    await resolveTicket(at.ann, { ticket: seen, cure: undefined, notes: 'mended' });
    await closeTicket(at.ann, { ticket });
    at.errs();
    await run(at.engine, 'watch', { max_attempts: 1 });
    const tickets = await at.db.selectFrom('bot_tickets').select('status').execute();
    expect(tickets).toEqual([{ status: 'closed' }]);
  });

  test('a day after it was resolved it is closed, and its problem opens another one', async () => {
    const at = await failing();
    const later = await movableClock(at.db);
    await at.seen(false);
    const closing = () => at.db.transaction().execute((trx) => closeOldTickets(trx, 10));
    await later(86_400 - 60);
    expect(await closing()).toBe(0);
    await later(120);
    expect(await closing()).toBe(1);
    expect(await closing()).toBe(0);
    expect(await at.seen(true)).toMatchObject({ number: '1', status: 'closed' });
    const { count } = await at.db
      .selectFrom('bot_tickets')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe('2');
  });
});
