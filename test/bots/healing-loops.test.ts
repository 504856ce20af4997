import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { conductor } from '../../bots/conductor.ts';
import { insertAction, insertDecision, insertKnowledge } from '../cli/known.ts';
import { ago, insertBot, insertFinding } from '../cli/rows.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();
let bot: string;
let knowledge: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  knowledge = await insertKnowledge(db, 'db.vacuum', { autonomy: 'auto' });
});

const check = (config = {}) => runCheck(conductor, 'healing-loops', db, config);
const titles = async (config = {}) => (await check(config)).findings.map(({ title }) => title);

/** A heal that was applied this many minutes ago, of a problem that began a minute before. */
async function heal(minutes: number, values: Parameters<typeof insertAction>[4] = {}) {
  const finding_id = await insertFinding(db, bot, 'slow', {
    detected_at: ago(minutes + 1),
    resolved_at: ago(minutes),
    resolution_method: 'auto-fixed',
  });
  await insertAction(db, bot, 'held', minutes, {
    knowledge_id: knowledge,
    component: 'tunnel-a',
    finding_id,
    ...values,
  });
}

async function blocked(gate: string, minutes: number[]) {
  for (const each of minutes) {
    const finding = await insertFinding(db, bot, 'slow', { detected_at: ago(each) });
    const about = { bot, finding, knowledge };
    await insertDecision(db, about, { verdict: 'blocked', gate, decided_at: ago(each) });
  }
}

const every = (minutes: number, count: number) =>
  Array.from({ length: count }, (_, at) => 30 + at * minutes);

test('a component at the limit of a day is reported, with how often and how soon its problem came back', async () => {
  for (const minutes of every(23, 7)) await heal(minutes);
  await heal(1_500);
  await heal(30, { state: 'aborted', success: false });
  expect(await check()).toMatchObject({ findings: [], examined: { count: 1, except: [] } });
  await heal(400);
  const { findings } = await check();
  expect(findings).toMatchObject([
    {
      severity: 'high',
      category: 'healing',
      component: 'db.vacuum',
      title:
        'db.vacuum healed tunnel-a 8 times in 24 h and is at its daily limit; the problem came back after about 22 minutes',
      metadata: { autonomy: 'auto', heals: 8, full: [{ component: 'tunnel-a', heals: 8 }] },
    },
  ]);
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 9}' WHERE key = 'healing'`.execute(
    db,
  );
  expect(await titles()).toEqual([]);
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 8}' WHERE key = 'healing'`.execute(
    db,
  );
});

test('it stays reported for a day after the limit was reached last', async () => {
  for (const minutes of every(23, 8)) await heal(minutes + 1_200);
  expect(await titles(), 'of eight two are older than a day').toEqual([
    expect.stringMatching(/^db\.vacuum healed tunnel-a 8 times in 24 h/),
  ]);
  await sql`TRUNCATE bot_actions, bot_findings CASCADE`.execute(db);
  for (const minutes of every(23, 8)) await heal(minutes + 1_440);
  expect(await titles()).toEqual([]);
  await heal(30);
  expect(await titles(), 'one heal is no limit').toEqual([]);
});

test('the limit over all components is reported, with how soon another problem followed', async () => {
  for (const [number, minutes] of every(25, 23).entries())
    await heal(minutes, { component: `tunnel-${number % 6}` });
  expect(await titles()).toEqual([]);
  await heal(700, { component: 'tunnel-5' });
  const { findings } = await check();
  expect(findings).toMatchObject([
    {
      title:
        'db.vacuum healed 6 components 24 times in 24 h and is at its daily limit over all of them; ' +
        'another problem followed after about 24 minutes',
      metadata: { whole: { components: 6, heals: 24 } },
    },
  ]);
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 9}' WHERE key = 'healing'`.execute(
    db,
  );
  expect(await titles()).toEqual([]);
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_day": 8}' WHERE key = 'healing'`.execute(
    db,
  );
});

test.each([
  ['attempts', 'its limit of heals an hour'],
  ['breaker', 'its breaker'],
  ['budget', 'the budget of all entries'],
])(
  'an entry that the gate %s kept back in three hours of a day is reported',
  async (gate, name) => {
    await blocked(gate, [10, 11, 12, 200, 1_500]);
    expect(await titles()).toEqual([]);
    await blocked(gate, [400]);
    expect(await titles()).toEqual([`db.vacuum was stopped by ${name} in 3 of the last 24 hours`]);
    expect(await titles({ limit_hours: 4 })).toEqual([]);
  },
);

test('what other gates close is no limit', async () => {
  await blocked('mode', every(100, 8));
  await blocked('cooldown', every(100, 8));
  expect(await titles()).toEqual([]);
});

const harm = {
  pattern: 'harms',
  why: 'another problem began at relay within 15 minutes after 12 of 12 heals',
  bot: 'relay',
  minutes: 15,
  healed: { successes: 12, trials: 12 },
};

test('harm is reported while the entry is at work, and all that is known of it in one finding', async () => {
  await db
    .updateTable('bot_knowledge')
    .set({ aftermath: JSON.stringify(harm), autonomy: 'suggest' })
    .execute();
  expect(await titles(), 'it has done nothing since yesterday').toEqual([]);
  for (const minutes of [30, 60]) await heal(minutes);
  await blocked('attempts', every(100, 4));
  const { findings } = await check();
  expect(findings).toMatchObject([
    {
      title:
        'db.vacuum makes problems: another one began at relay within 15 minutes after 12 of 12 heals',
      description: expect.stringMatching(
        /^db\.vacuum was stopped .* in 4 of the last 24 hours\. Judged by .*: another problem began .*autonomy is suggest/,
      ),
      metadata: { aftermath: harm },
    },
  ]);
});

test('a ticket that a person resolved comes back only by what was done since', async () => {
  for (const minutes of every(23, 9)) await heal(minutes);
  expect(await titles()).toHaveLength(1);
  await db
    .insertInto('bot_tickets')
    .values({
      bot_id: bot,
      severity: 'high',
      title: 't',
      description: 'd',
      fingerprint: randomUUID(),
      status: 'resolved',
      resolved_at: ago(20),
      resolved_by: 'ann',
      resolution_notes: 'raised its timeout',
      metadata: JSON.stringify({ check: 'healing-loops', component: 'db.vacuum' }),
    })
    .execute();
  expect(await titles()).toEqual([]);
  for (const minutes of [19, 17, 15, 13, 11, 9, 7, 5]) await heal(minutes);
  expect(await titles()).toHaveLength(1);
});

test('the most active entries are reported when there are too many, and it says so', async () => {
  for (let entry = 0; entry < 3; entry++) {
    knowledge = await insertKnowledge(db, `entry-${entry}`, { autonomy: 'auto' });
    for (const minutes of every(10, 8 + entry)) await heal(minutes);
  }
  const { findings, truncated } = await check({ max_findings: 2 });
  expect([findings.map(({ component }) => component), truncated]).toEqual([
    ['entry-2', 'entry-1'],
    true,
  ]);
});
