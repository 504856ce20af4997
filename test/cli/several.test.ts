/** Several tickets, runs, findings and bots at once: each by itself, and what becomes of one does not stop the others. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminal, keys } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let [one, two, other] = ['', '', ''];
let bot = '';

beforeEach(async () => {
  await sql`TRUNCATE bots, engine.cancellations CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  await insertBot(db, 'quiet');
  one = await insertTicket(db, bot, 'one');
  two = await insertTicket(db, bot, 'two');
  other = await insertTicket(db, bot, 'other');
});

const tickets = (...args: string[]) => roundsman(url, 'tickets', ...args, '--as', 'ann');
const column = async (name: 'status' | 'assigned_to' | 'severity' | 'acknowledged_by') =>
  (await db.selectFrom('bot_tickets').select([name]).orderBy('number').execute()).map(
    (row) => (row as Record<string, unknown>)[name],
  );
const told = async (event: 'commented' | 'snoozed') =>
  (
    await db
      .selectFrom('bot_ticket_events as e')
      .innerJoin('bot_tickets as t', 't.id', 'e.ticket_id')
      .select('t.number')
      .where('e.event', '=', event)
      .orderBy('e.id')
      .execute()
  ).map(({ number }) => `T-${number}`);

describe('tickets', () => {
  test('each is changed and told, in the given order', async () => {
    const { code, out } = await tickets('ack', two, one);
    expect(code).toBe(0);
    expect(out.match(/Acknowledged T-\d+/g)).toEqual([
      `Acknowledged ${two}`,
      `Acknowledged ${one}`,
    ]);
    expect(await column('acknowledged_by')).toEqual(['ann', 'ann', null]);
  });

  test('what fails does not stop the others, is told on standard error, and the worst code counts', async () => {
    await tickets('resolve', two, '--notes', 'done');
    const { code, out, err } = await tickets('ack', 'T-999999', two, one);
    expect(code).toBe(3);
    expect(out).toContain(`Acknowledged ${one}`);
    expect(err).toContain('there is no ticket T-999999');
    expect(err).toContain(`${two} cannot be acknowledged`);
    expect((await tickets('ack', two, one)).code).toBe(1);
    expect((await tickets('ack', 'word', other)).code).toBe(2);
    expect(await column('acknowledged_by')).toEqual(['ann', null, 'ann']);
  });

  test('as JSON one is an object, several are an array that also has what failed', async () => {
    expect((await tickets('ack', one, '--json')).json()).toMatchObject({ acknowledged_by: 'ann' });
    const { code, json } = await tickets('ack', 'T-999999', two, '--json');
    expect(code).toBe(3);
    expect(json()).toEqual([
      {
        given: 'T-999999',
        error: {
          what: 'there is no ticket T-999999',
          why: expect.any(String),
          hint: expect.any(String),
        },
      },
      expect.objectContaining({ title: 'two', acknowledged_by: 'ann' }),
    ]);
    // An error of one alone is no document.
    expect(await tickets('ack', 'T-999999', '--json')).toMatchObject({ code: 3, out: '' });
  });

  test('one that is named twice, however, is taken once', async () => {
    const { code, out, err } = await tickets('comment', one, one.slice(2), two, one, '--text', 'x');
    expect(code).toBe(0);
    expect(out).toBe(`Commented on ${one}.\nCommented on ${two}.\n`);
    expect(err).toContain(`${one.slice(2)} is ${one}, which is named already: it is taken once`);
    expect(err).toContain(`${one} is named twice`);
    expect(await told('commented')).toEqual([one, two]);
  });

  test('a person stands behind one ticket; for several --to names them', async () => {
    expect((await tickets('assign', one, 'bob')).out).toContain(`Assigned ${one} to bob`);
    expect((await tickets('assign', two, other, '--to', 'me')).code).toBe(0);
    expect(await column('assigned_to')).toEqual(['bob', 'ann', 'ann']);
    for (const args of [
      [one, two],
      [one, two, 'carl'],
      [one, 'carl', 'lee'],
      [one],
      [one, 'carl', '--to', 'lee'],
    ])
      expect({ args, ...(await tickets('assign', ...args)) }).toMatchObject({ args, code: 2 });
    expect(await column('assigned_to')).toEqual(['bob', 'ann', 'ann']);
    expect((await tickets('unassign', one, two)).code).toBe(0);
    expect(await column('assigned_to')).toEqual([null, null, 'ann']);
  });

  test('a severity stands behind all of them', async () => {
    const args = [one, two, 'low', '--reason', 'a test host'];
    expect((await tickets('severity', ...args)).code).toBe(0);
    expect(await column('severity')).toEqual(['low', 'low', 'high']);
    expect((await tickets('severity', one, two, '--clear')).code).toBe(0);
    expect(await column('severity')).toEqual(['high', 'high', 'high']);
    const wrong = await tickets('severity', one, two, 'hihg', '--reason', 'x');
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('did you mean high') });
    for (const args of [[one, two], [one, 'high', '--clear'], [one]])
      expect({ args, ...(await tickets('severity', ...args)) }).toMatchObject({ args, code: 2 });
  });

  test('a comment stands behind one ticket; for several --text has it, and nothing is guessed', async () => {
    for (const args of [
      [one, two],
      [one, two, 'the same cable'],
      [one, 'the same cable', '--text', 'x'],
      [one, '--text', 'x', '--edit'],
      [one, two, '--text', ' '],
    ])
      expect({ args, ...(await tickets('comment', ...args)) }).toMatchObject({ args, code: 2 });
    expect(await told('commented')).toEqual([]);
    expect((await tickets('comment', one, 'the same cable')).code).toBe(0);
  });

  test('they are snoozed, reopened, closed and shown together', async () => {
    expect((await tickets('snooze', one, two, '--for', '2h')).code).toBe(0);
    expect((await tickets('snooze', one, two, '--end')).code).toBe(0);
    expect(await told('snoozed')).toEqual([one, two]);
    for (const each of [one, two, other]) await tickets('resolve', each, '--notes', 'done');
    expect((await tickets('reopen', one, two, '--reason', 'wrong')).code).toBe(0);
    expect((await tickets('close', other, one)).code).toBe(1);
    expect(await column('status')).toEqual(['open', 'open', 'closed']);
    const { out } = await roundsman(url, 'tickets', 'show', one, other);
    expect(out.split(/^(?=T-\d+ )/m)).toHaveLength(2);
    const shown = (await roundsman(url, 'tickets', 'show', one, other, '--json')).json();
    expect(shown.map(({ title }: { title: string }) => title)).toEqual(['one', 'other']);
  });

  test.skipIf(!hasTerminal)('a text is asked for once, before the first is changed', async () => {
    const { code, shown, asked } = await inTerminal(
      url,
      ['tickets', 'comment', one, 'T-999999', '--text', 'x'],
      [],
    );
    expect({ code, asked }, shown).toEqual({ code: 3, asked: true });
    for (const each of [one, two]) await tickets('resolve', each, '--notes', 'done');
    const again = await inTerminal(
      url,
      ['tickets', 'reopen', one, two],
      [['Why: ', `wrong${keys.enter}`]],
    );
    expect(again.code, again.shown).toBe(0);
    expect(await column('status')).toEqual(['open', 'open', 'open']);
    // No question where none of them is there.
    expect(
      (await inTerminal(url, ['tickets', 'reopen', 'T-999998', 'T-999999'], [])).shown,
    ).not.toContain('Why: ');
  });
});

describe('bots', () => {
  const statuses = async () =>
    (await db.selectFrom('bots').select('status').orderBy('name').execute()).map(
      ({ status }) => status,
    );

  test('are paused, resumed, disabled and enabled, each by itself', async () => {
    const bots = (...args: string[]) => roundsman(url, 'bots', ...args);
    expect(await bots('pause', 'watch', 'wach', 'quiet')).toMatchObject({
      code: 3,
      err: expect.stringContaining('did you mean watch'),
    });
    expect(await statuses()).toEqual(['paused', 'paused']);
    expect((await bots('resume', 'watch', 'quiet', '--json')).json()).toHaveLength(2);
    // Nothing depends on quiet, and there is no terminal to ask about watch on.
    expect(await bots('disable', 'watch', 'quiet')).toMatchObject({
      code: 2,
      out: expect.stringContaining('Disabled quiet'),
    });
    expect(await statuses()).toEqual(['disabled', 'active']);
    expect((await bots('disable', 'watch', 'quiet', '--yes')).code).toBe(0);
    expect((await bots('enable', 'watch', 'quiet')).code).toBe(0);
    expect(await statuses()).toEqual(['active', 'active']);
    const { out } = await bots('run', 'watch', 'quiet', 'watch');
    expect(out.match(/Queued a run of \w+/g)).toEqual([
      'Queued a run of watch',
      'Queued a run of quiet',
    ]);
  });

  test.skipIf(!hasTerminal)(
    'Ctrl-C at the question about one leaves the rest as they are',
    async () => {
      await insertFinding(
        db,
        (
          await db
            .selectFrom('bots')
            .select('id')
            .where('name', '=', 'quiet')
            .executeTakeFirstOrThrow()
        ).id,
        'x',
      );
      const { code } = await inTerminal(
        url,
        ['bots', 'disable', 'watch', 'quiet'],
        [['[y/N]: ', keys.interrupt]],
      );
      expect(code).toBe(130);
      expect(await statuses()).toEqual(['active', 'active']);
    },
  );
});

test('runs and findings are shown together, and runs cancelled', async () => {
  const queued = { status: 'queued' as const, completed_at: null, attempt: 0 };
  const runs = [await insertRun(db, bot, 2, queued), await insertRun(db, bot, 1)];
  const shown = (await roundsman(url, 'runs', 'show', ...runs, '--json')).json();
  expect(shown.map(({ id }: { id: string }) => id)).toEqual(runs);
  expect((await roundsman(url, 'runs', 'show', ...runs)).out.match(/^Run of watch/gm)).toHaveLength(
    2,
  );
  // The second one has ended already.
  const cancelled = await roundsman(url, 'runs', 'cancel', ...runs, '--json');
  expect(cancelled.code).toBe(1);
  expect(cancelled.json()).toMatchObject([{ status: 'cancelled' }, { given: runs[1] }]);
  const found = [await insertFinding(db, bot, 'a'), await insertFinding(db, bot, 'b')];
  const findings = (await roundsman(url, 'findings', 'show', ...found, '--json')).json();
  expect(findings.map(({ title }: { title: string }) => title)).toEqual(['a', 'b']);
  expect((await roundsman(url, 'findings', 'show', ...found)).out).toMatch(/a\n[^]*b\n/);
});
