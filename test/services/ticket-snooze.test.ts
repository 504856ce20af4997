/** Tickets that people have wait, beside the runs of their bots. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { ReportedSeverity } from '../../src/bot.ts';
import { BadInputError } from '../../src/database/faults/bad-input.ts';
import { listTickets as read } from '../../src/data/bots/ticket-list.ts';
import { settle } from '../../src/maintain/settle.ts';
import { TicketNotPendingError } from '../../src/services/references/ticket.ts';
import { listTickets } from '../../src/services/tickets/list.ts';
import { reopenTicket } from '../../src/services/tickets/reopen.ts';
import { resolveTicket } from '../../src/services/tickets/resolve.ts';
import { clearSeverity, overrideSeverity } from '../../src/services/tickets/severity.ts';
import { endSnooze, snoozeTicket } from '../../src/services/tickets/snooze.ts';
import type { Snooze } from '../../src/transitions/tickets/snooze.ts';
import { snoozeTicket as snooze } from '../../src/transitions/tickets/snooze.ts';
import { aBot, catalogue, problem } from '../support/builders.ts';
import { movableClock } from '../support/clocks.ts';
import { anEngine } from '../support/engine.ts';
import { waiting } from '../support/held.ts';
import { run, set } from '../support/runs.ts';

const ticket = 'T-1';
const hour = 3_600;

/** A bot whose disk a test breaks, and whose check it can hold back after it has looked. */
async function watched() {
  let found: ReportedSeverity | null = null;
  let looked: (() => void) | undefined;
  let held: Promise<void> | undefined;
  const watch = aBot('watch', async () => {
    const findings = found ? [problem('disk', { severity: found })] : [];
    looked?.();
    await held;
    return { examined: ['disk'], findings };
  });
  const engine = await anEngine({ name: 'postgres' }, catalogue([watch]));
  const { db } = engine;
  await set(db, 'mode', 'off');
  await sql`UPDATE bots SET concurrency = 8`.execute(db);
  const one = async () =>
    db.selectFrom('bot_tickets').selectAll().orderBy('number').executeTakeFirstOrThrow();
  const ann = { db, actor: { name: 'ann', role: 'operator' as const } };
  const finds = async (severity: ReportedSeverity | null) => {
    found = severity;
    await run(engine, 'watch', { max_attempts: 1 });
    return one();
  };
  return {
    engine,
    db,
    ann,
    one,
    finds,
    later: await movableClock(db),
    /** A run that has looked before `meanwhile` is done, and reports after it. */
    async findsBefore(severity: ReportedSeverity, meanwhile: () => Promise<unknown>) {
      const hasLooked = new Promise<void>((resolve) => void (looked = resolve));
      let letGo = () => {};
      held = new Promise<void>((resolve) => void (letGo = resolve));
      const running = finds(severity);
      await hasLooked;
      await meanwhile();
      letGo();
      looked = held = undefined;
      return running;
    },
    snooze: (until: Snooze) => snoozeTicket(ann, { ticket, ...until }),
    settles: () => settle(db, engine.catalogue),
    /** Whether it is snoozed, as the list says. */
    async isSnoozed() {
      const [listed, hidden] = [
        await listTickets(db, { limit: 10 }),
        await listTickets(db, { limit: 10, snoozed: true }),
      ];
      expect(listed.snoozed).toBe(hidden.tickets.length);
      expect(listed.tickets.length + hidden.tickets.length).toBe(1);
      return hidden.tickets.length === 1;
    },
    events: async () =>
      (
        await db
          .selectFrom('bot_ticket_events')
          .select(['event', 'actor', 'detail'])
          .orderBy('id')
          .execute()
      ).map(({ event, actor, detail }) => ({ event, actor, ...(detail as object) })),
  };
}

const isPeople = (name: string) => name.startsWith('snoozed_');
/** What the person wrote. */
const written = (row: object) =>
  Object.fromEntries(Object.entries(row).filter(([name]) => isPeople(name)));

test('until a time: runs leave what the person wrote, and it wakes by itself, once', async () => {
  const at = await watched();
  await at.finds('high');
  const snoozed = await at.snooze({ seconds: 4 * hour });
  expect(snoozed).toMatchObject({ snoozed_by: 'ann', snoozed_severity: 'high', woken_at: null });
  expect(await at.isSnoozed()).toBe(true);
  const counted = await at.finds('high');
  expect(counted.occurrences).toBe(2);
  expect(counted.version).toBe(snoozed.version);
  expect(written(counted)).toEqual(written(snoozed));
  await at.later(4 * hour - 60);
  expect(await at.settles()).toMatchObject({ woken: 0 });
  expect(await at.isSnoozed()).toBe(true);
  await at.later(60);
  // The time has come, whether or not the timer has.
  expect(await at.isSnoozed()).toBe(false);
  expect(await at.settles()).toMatchObject({ woken: 1 });
  expect(await at.settles()).toMatchObject({ woken: 0 });
  expect(written(await at.one())).toEqual(written(snoozed));
  expect(await at.events()).toMatchObject([
    { event: 'opened' },
    { event: 'snoozed', actor: 'ann', until: snoozed.snoozed_until!.toISOString() },
    { event: 'woken', actor: 'roundsman', why: 'its time is over' },
  ]);
  await at.snooze({ until: new Date(Date.now() + 30 * hour * 1000) });
  expect(await at.isSnoozed()).toBe(true);
});

test('until it was seen so often again, by runs that began after the snooze', async () => {
  const at = await watched();
  await at.finds('high');
  const late = await at.findsBefore('high', () => at.snooze({ occurrences: 2 }));
  expect(late).toMatchObject({ occurrences: 2, snooze_seen: 0 });
  expect(await at.finds('high')).toMatchObject({ snooze_seen: 1, woken_at: null });
  expect(await at.isSnoozed()).toBe(true);
  const snoozed = written(await at.one());
  const woken = await at.finds('high');
  expect(woken).toMatchObject({ snooze_seen: 2, woken_at: expect.any(Date) });
  expect(written(woken)).toEqual(snoozed);
  expect(await at.isSnoozed()).toBe(false);
  await at.finds('high');
  expect((await at.events()).slice(1)).toMatchObject([
    { event: 'snoozed', occurrences: 2 },
    { event: 'woken', actor: 'roundsman', why: 'it was seen 2 more times' },
  ]);
  // A new snooze begins to count anew.
  await at.snooze({ occurrences: 1 });
  expect(await at.one()).toMatchObject({ snooze_seen: 0 });
  expect(await at.isSnoozed()).toBe(true);
  await at.finds('high');
  expect(await at.isSnoozed()).toBe(false);
});

test('a run that did not see it does not count', async () => {
  const at = await watched();
  await at.finds('high');
  await at.snooze({ occurrences: 1 });
  await sql`UPDATE bots SET clear = 3`.execute(at.db);
  await at.finds(null);
  expect(await at.one()).toMatchObject({ status: 'assigned', snooze_seen: 0 });
  expect(await at.isSnoozed()).toBe(true);
});

describe.each<[string, Snooze]>([
  ['a time', { seconds: hour }],
  ['many occurrences', { occurrences: 100 }],
])('until %s', (_, until) => {
  test('it wakes when it becomes more severe, also when an older run finds that', async () => {
    for (const isLate of [false, true]) {
      const at = await watched();
      await at.finds('medium');
      if (isLate) await at.findsBefore('critical', () => at.snooze(until));
      else await at.snooze(until).then(() => at.finds('critical'));
      expect(await at.isSnoozed()).toBe(false);
      expect((await at.events()).slice(-2)).toMatchObject([
        { event: 'raised', from: 'medium', to: 'critical' },
        { event: 'woken', actor: 'roundsman', why: 'it is more severe' },
      ]);
    }
  });

  test('it sleeps on while it is as severe as the person knew it', async () => {
    const at = await watched();
    await at.finds('high');
    await at.snooze(until);
    await at.finds('medium');
    await at.finds('high');
    expect(await at.isSnoozed()).toBe(true);
    await at.finds('critical');
    expect(await at.isSnoozed()).toBe(false);
  });

  test('a person who calls it more severe wakes it', async () => {
    const at = await watched();
    await at.finds('medium');
    await at.snooze(until);
    await overrideSeverity(at.ann, { ticket, severity: 'low', reason: 'x' });
    expect(await at.isSnoozed()).toBe(true);
    await clearSeverity(at.ann, { ticket });
    expect(await at.isSnoozed()).toBe(true);
    await overrideSeverity(at.ann, { ticket, severity: 'high', reason: 'x' });
    expect(await at.isSnoozed()).toBe(false);
    expect((await at.events()).slice(-2)).toMatchObject([
      { event: 'rated', actor: 'ann' },
      { event: 'woken', actor: 'ann', why: 'it is more severe' },
    ]);
  });

  test('it is over when the person ends it, and when it is reopened', async () => {
    const at = await watched();
    const nothing = {
      snoozed_at: null,
      snoozed_by: null,
      snoozed_severity: null,
      snoozed_until: null,
      snoozed_occurrences: null,
    };
    await at.finds('high');
    await at.snooze(until);
    expect(await endSnooze(at.ann, { ticket })).toMatchObject({
      unchanged: false,
      ticket: nothing,
    });
    expect(await endSnooze(at.ann, { ticket })).toMatchObject({ unchanged: true });
    expect((await at.events()).at(-1)).toMatchObject({ event: 'woken', actor: 'ann' });
    await at.snooze(until);
    await at.finds(null);
    expect(await at.one()).toMatchObject({ status: 'resolved' });
    await expect(at.snooze(until)).rejects.toBeInstanceOf(TicketNotPendingError);
    // By a run, and by a person.
    expect(await at.finds('high')).toMatchObject({ status: 'assigned', ...nothing });
    await at.snooze(until);
    await resolveTicket(at.ann, { ticket: await at.one(), cure: undefined, notes: 'mended' });
    expect(await reopenTicket(at.ann, { ticket, reason: 'x' })).toMatchObject(nothing);
  });
});

test("a storm's ticket is snoozed as any other", async () => {
  const names = Array.from({ length: 6 }, (_, index) => `node-${index}`);
  let worst: ReportedSeverity = 'medium';
  const cluster = aBot('watch', async () => ({
    examined: names,
    findings: names.map((name, index) => problem(name, { severity: index === 0 ? worst : 'low' })),
  }));
  const engine = await anEngine({ name: 'postgres' }, catalogue([cluster]));
  const { db } = engine;
  await set(db, 'mode', 'off');
  const rages = () => run(engine, 'watch', { max_attempts: 1 });
  const ann = { db, actor: { name: 'ann', role: 'operator' as const } };
  const awake = async () => (await listTickets(db, { limit: 9 })).tickets.length;
  await rages();
  await snoozeTicket(ann, { ticket, occurrences: 2 });
  await rages();
  expect(await awake()).toBe(0);
  await rages();
  expect(await awake()).toBe(1);
  await snoozeTicket(ann, { ticket, seconds: hour });
  worst = 'critical';
  await rages();
  expect(await awake()).toBe(1);
});

test('a run that waits for the ticket goes by the snooze that was written meanwhile', async () => {
  const at = await watched();
  await at.finds('high');
  const held = await at.db.transaction().execute(async (trx) => {
    await snooze(trx, await at.one(), { occurrences: 1 }, 'ann');
    const running = at.finds('critical');
    await expect.poll(waiting(at.db), { timeout: 10_000 }).toBeGreaterThan(0);
    return { running };
  });
  const row = await held.running;
  expect(row.woken_at!.getTime()).toBeGreaterThanOrEqual(row.snoozed_at!.getTime());
  expect(await at.isSnoozed()).toBe(false);
});

test.each([
  ['one that has passed', -1, 'has passed'],
  ['one more than a year off', 366 * 24 * hour, 'is more than a year off'],
])('%s is no time to snooze until', async (_, seconds, why) => {
  const at = await watched();
  await at.finds('high');
  const until = new Date(Date.now() + seconds * 1000);
  await expect(at.snooze({ until })).rejects.toMatchObject({ why: expect.stringContaining(why) });
  expect(await at.one()).toMatchObject({ snoozed_at: null, version: 0 });
});

test('reads of other programs have snoozed tickets too, unless they say true or false', async () => {
  const at = await watched();
  await at.finds('high');
  await at.snooze({ seconds: hour });
  expect(await read(at.db, { limit: 5 })).toHaveLength(1);
  expect(await read(at.db, { limit: 5, snoozed: true })).toHaveLength(1);
  expect(await read(at.db, { limit: 5, snoozed: false })).toHaveLength(0);
  const wrong = read(at.db, { limit: 5, snoozed: 'yes' as never });
  await expect(wrong).rejects.toBeInstanceOf(BadInputError);
});
