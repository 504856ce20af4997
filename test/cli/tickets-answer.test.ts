import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
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
    'its finding is gone since',
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
