import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;
let finding: string;
let name: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  finding = await insertFinding(db, bot, 'sessions pile up', { fingerprint: 'fp' });
  name = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
  });
});

const decisions = () => db.selectFrom('bot_decisions').selectAll().orderBy('id').execute();
const runs = () => db.selectFrom('bot_executions').selectAll().execute();
const events = () =>
  db.selectFrom('bot_ticket_events').select(['event', 'actor', 'detail']).execute();
const tickets = (...args: string[]) => roundsman(url, 'tickets', ...args);
const approve = (...args: string[]) => tickets('approve', name, '--yes', ...args);
const suggest = async (entry: string, values: Parameters<typeof insertKnowledge>[2] = {}) => {
  const knowledge = await insertKnowledge(db, entry, values);
  await insertDecision(db, { bot, finding, knowledge });
  return knowledge;
};
const untouched = async () => {
  expect((await decisions()).filter(({ answer }) => answer)).toEqual([]);
  expect(await runs()).toEqual([]);
  expect(await events()).toEqual([]);
};

test('approve says what it is worth, answers, and queues the run that carries it out', async () => {
  const knowledge = await suggest('sweep', {
    solution: steps('bot.pause'),
    half_life_days: 100_000,
  });
  const day = 1440;
  for (let held = 0; held < 7; held++)
    await insertAction(db, bot, 'held', 9 * day, { knowledge_id: knowledge });
  await insertAction(db, bot, 'relapsed', 3 * day + 5, { knowledge_id: knowledge });
  await insertAction(db, bot, 'relapsed', 8 * day, { knowledge_id: knowledge });
  const { code, out, err } = await approve('--as', 'ann');
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('no worker is alive') });
  expect(out).toContain(
    'held 7 of 9, lower bound .33, last relapse 3 days ago, undo available (this component)',
  );
  const [run] = await runs();
  expect(run).toMatchObject({ bot_id: bot, trigger: 'manual', status: 'queued', generation: 0 });
  expect(out).toContain(run!.id);
  // The value comes before what was done.
  expect(out.indexOf('held 7')).toBeLessThan(out.indexOf('Approved'));
  expect(await decisions()).toMatchObject([
    { answer: 'approved', answered_by: 'ann', answered_at: expect.any(Date) },
  ]);
  expect(await events()).toEqual([
    { event: 'noted', actor: 'ann', detail: { approved: 'sweep', run: run!.id } },
  ]);
  const again = await approve();
  expect(again.code).toBe(1);
  expect(again.err).toContain('sweep was approved by ann');
  expect(await runs()).toHaveLength(1);
});

test('what is disabled is not approved, but may be rejected', async () => {
  await suggest('sweep', { enabled: false });
  const { code, err } = await approve();
  expect(code).toBe(1);
  expect(err).toContain('sweep cannot be approved');
  expect(err).toContain('it is disabled');
  expect(err).toContain('npx roundsman knowledge enable sweep');
  await untouched();
  expect((await tickets('reject', name)).code).toBe(0);
});

test('what nobody has tried, and what cannot be taken back, is said too', async () => {
  await suggest('sweep', { solution: steps('session.expire', 'bot.pause') });
  const { out } = await approve('sweep');
  expect(out).toContain('never tried here or elsewhere, undo not available');
});

test('reject keeps it from this finding, with a reason, and runs nothing', async () => {
  await suggest('sweep');
  const args = ['reject', name, '--reason', 'the app is being moved', '--as', 'ann', '--json'];
  const { json } = await tickets(...args);
  expect(json()).toMatchObject({
    verdict: 'suggested',
    answer: 'rejected',
    answered_by: 'ann',
    bot_knowledge: { name: 'sweep' },
    bot_executions: null,
  });
  expect(await runs()).toEqual([]);
  expect(await events()).toEqual([
    {
      event: 'noted',
      actor: 'ann',
      detail: { rejected: 'sweep', reason: 'the app is being moved' },
    },
  ]);
});

test('of several suggestions one has to be named; advice is not one of them', async () => {
  const sweep = await suggest('sweep');
  await suggest('advice', { solution: 'Look at the cron.' });
  await suggest('broom');
  const several = await approve();
  expect(several.code).toBe(2);
  expect(several.err).toMatch(/broom, sweep/);
  expect(several.err).not.toContain('advice');
  await untouched();
  const { json } = await approve('sweep', '--json');
  expect(json()).toMatchObject({ knowledge_id: sweep, answer: 'approved' });
  // Of the rest only one can be applied.
  expect((await approve()).out).toContain('Approved broom');
});

test('advice cannot be approved: it says what to do instead', async () => {
  await suggest('advice', { solution: 'Look at the cron.' });
  for (const args of [
    ['approve', name],
    ['approve', name, 'advice'],
  ]) {
    const { code, err } = await tickets(...args);
    expect(code).toBe(1);
    expect(err).toContain('is advice');
    expect(err).toContain(`tickets resolve ${name} --with advice`);
  }
  await untouched();
});

test('what a safe mode keeps from acting alone can be approved; what is in shadow cannot', async () => {
  const pause = await insertKnowledge(db, 'pause', { solution: steps('bot.pause') });
  const quiet = await insertKnowledge(db, 'quiet', {
    solution: steps('bot.pause'),
    autonomy: 'shadow',
  });
  for (const knowledge of [pause, quiet])
    await insertDecision(db, { bot, finding, knowledge }, { verdict: 'blocked', gate: 'mode' });
  expect((await approve('quiet')).err).toContain('pause is');
  const { json } = await approve('--json');
  expect(json()).toMatchObject({ knowledge_id: pause, answer: 'approved' });
});

test.each([
  ['no suggestion', async () => {}, 1, 'nothing is suggested'],
  [
    'a finding that is gone',
    async () => {
      await suggest('sweep');
      await sql`UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'cleared'`.execute(
        db,
      );
    },
    1,
    'its finding has been gone since',
  ],
  [
    'a ticket that is over',
    async () => {
      await suggest('sweep');
      await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = engine.now()`.execute(db);
    },
    1,
    'it is closed',
  ],
  [
    'a playbook that cannot run',
    async () => void (await suggest('sweep', { solution: steps('no.such') })),
    1,
    'its playbook cannot run',
  ],
  [
    'a bot that takes no run',
    async () => {
      await suggest('sweep');
      await sql`UPDATE bots SET status = 'disabled'`.execute(db);
    },
    1,
    'watch cannot be run',
  ],
])('%s is refused, and nothing is changed', async (_, prepare, code, why) => {
  await prepare();
  const refused = await approve();
  expect({ code: refused.code, err: refused.err }).toEqual({
    code,
    err: expect.stringContaining(why),
  });
  await untouched();
});

test('of two who answer at once one wins, and one run is queued at most', async () => {
  await suggest('sweep');
  const ended = await Promise.all([approve(), approve()]);
  expect(ended.map(({ code }) => code).toSorted()).toEqual([0, 1]);
  expect(await runs()).toHaveLength(1);
});

describe('where a gate is closed', () => {
  const opens = /it opens at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC, in [34]m/;

  test('approve names it, when it opens and what asks again, in place of: nothing is suggested', async () => {
    const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
    await insertKnowledge(db, 'advice', { autonomy: 'shadow', solution: 'Look at the cron.' });
    await insertAction(db, bot, 'failed', 1, { knowledge_id: sweep, fingerprint: 'fp' });
    for (const args of [[], ['sweep']]) {
      const { code, err } = await approve(...args);
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(err).toMatch(
        /sweep: gate cooldown: it was tried on this 1 minute ago; 5 minutes have/,
      );
      expect(err).toMatch(opens);
      expect(err).toMatch(
        /try: `npx roundsman bots run watch`; all of it: `npx roundsman tickets explain T-\d+`/,
      );
    }
    await untouched();
  });

  test('an entry that may act alone needs no approval, and one that does not fit says so', async () => {
    await insertKnowledge(db, 'sweep', { autonomy: 'auto', half_life_days: 1 });
    await insertKnowledge(db, 'other', { issue_pattern: 'disk is full' });
    expect((await approve()).err).toMatch(/sweep: it needs no approval: the next run applies it/);
    expect((await approve('other')).err).toContain('other does not fit it');
    await sql`DELETE FROM bot_knowledge WHERE name = 'sweep'`.execute(db);
    expect((await approve()).err).toContain('no entry of knowledge fits it');
  });

  test('what is approved all the same says before that a run does not apply it yet, and afterwards why it waits', async () => {
    const sweep = await suggest('sweep');
    await insertAction(db, bot, 'failed', 1, { knowledge_id: sweep, fingerprint: 'fp' });
    const { code, out } = await approve('--as', 'ann');
    expect(code).toBe(0);
    expect(out).toMatch(/a run does not apply it yet: gate cooldown: /);
    expect(out).toMatch(opens);
    expect(out.indexOf('gate cooldown')).toBeLessThan(out.indexOf('Approved'));
    const again = await approve();
    expect(again.err).toMatch(/sweep was approved by ann at .* UTC, and waits: gate cooldown: /);
    expect(again.err).toMatch(opens);
  });
});

describe('what an approval is worth where nothing is decided', () => {
  test('says what was applied, in place of: never tried', async () => {
    const sweep = await suggest('sweep');
    await insertAction(db, bot, 'verified', 90, { knowledge_id: sweep });
    const { out } = await approve();
    expect(out).toContain('applied 1 time, nothing decided yet');
    expect(out).not.toContain('never tried');
  });

  test('says that earlier solutions were tried, and this one was not', async () => {
    const sweep = await suggest('sweep');
    for (const minutes of [30, 40, 50])
      await insertAction(db, bot, 'failed', minutes, { knowledge_id: sweep });
    await db
      .insertInto('bot_knowledge_events')
      .values({
        knowledge_id: sweep,
        event: 'edited',
        actor: 'ann',
        after: JSON.stringify({ solution: steps('session.expire') }),
        created_at: sql<Date>`engine.now() - interval '10 minutes'`,
      })
      .execute();
    const { out } = await approve();
    expect(out).toContain('this solution was never tried, earlier ones of it held 0 of 3');
    expect(out).toContain('3 heals with it in the last hour, 3 of them before its solution was');
  });
});
