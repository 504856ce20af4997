import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { ago, insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
let bot: string;
let finding: string;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
  bot = await insertBot(db, 'watch');
  finding = await insertFinding(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    severity: 'critical',
  });
});

const explain = (...args: string[]) => roundsman(url, 'findings', 'explain', ...args);

test('what fits is shown with its figures, its gate and why', async () => {
  const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto', half_life_days: 100_000 });
  for (let held = 0; held < 6; held++)
    await insertAction(db, bot, 'held', 2000, { knowledge_id: sweep });
  await insertKnowledge(db, 'pause', { solution: steps('bot.pause'), autonomy: 'auto' });
  await insertKnowledge(db, 'gone', { solution: steps('no.such') });
  await insertKnowledge(db, 'advice', { solution: 'Look at the cron.' });
  const { code, out } = await explain(finding.slice(0, 8));
  expect(code).toBe(0);
  expect(out).toMatch(/^sweep +auto +6 of 6 +\.564 +this component/m);
  expect(out).toMatch(/^sweep +would be applied$/m);
  expect(out).toMatch(/^pause +gate mode: the mode is safe/m);
  expect(out).toMatch(/^gone +gate disabled: its playbook cannot run: .*no\.such/m);
  expect(out).toMatch(/^advice +advice: shown on the ticket/m);
  expect(await db.selectFrom('bot_decisions').selectAll().execute()).toEqual([]);
  const shown = (await explain(finding, '--json')).json();
  expect(shown).toMatchObject({ id: finding, unexamined: [], bot_decisions: [] });
  expect(shown.candidates[0]).toMatchObject({
    name: 'sweep',
    context: 'component',
    record: { decided: 6, held: 6 },
    prospect: 'apply',
    gate: null,
    circumstances: { mode: 'safe', budget: 60 },
  });
});

test('where nothing fits it says how to teach it', async () => {
  const { out } = await explain(finding);
  expect(out).toContain('No known entry matches.');
  expect(out).toContain('npx roundsman knowledge add NAME --category "api"');
  expect(out).toContain('no run has examined it for healing yet');
});

test('what is too expensive to try is named', async () => {
  await insertKnowledge(db, 'heavy', {
    issue_pattern: `pile ${'(?:a{1,30}b{1,30}){1,30}'.repeat(3)}`,
  });
  expect((await explain(finding)).out).toMatch(/Not known whether they match, .*: heavy/);
});

test('a component that was healed too often in a day says how often', async () => {
  const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  for (let heal = 0; heal < 8; heal++)
    await insertAction(db, bot, 'held', 120, { knowledge_id: sweep });
  expect((await explain(finding)).out).toMatch(
    /^sweep +gate daily: 8 heals of this component with it in 24 hours; at most 8 unless a person/m,
  );
});

test('what was taken back waits for a person, and says so', async () => {
  const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await insertAction(db, bot, 'undone', 60, { knowledge_id: sweep, fingerprint: 'fp' });
  expect((await explain(finding)).out).toMatch(
    /^sweep +gate approval: its last effect on this was undone/m,
  );
});

test('a silence is shown with its owner, and as the gate that it closes', async () => {
  await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await db
    .insertInto('bot_silences')
    .values({ component: '/v1', owner: 'ann', reason: 'moved', until_resolved: true })
    .execute();
  const { out } = await explain(finding);
  expect(out).toMatch(/^Silenced +by ann until resolved: moved$/m);
  expect(out).toMatch(/^sweep +gate silenced: /m);
});

test('of a resolved finding it tells what was decided and why it was applied', async () => {
  const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await insertDecision(
    db,
    { bot, finding, knowledge: sweep },
    {
      verdict: 'applied',
      decided_at: ago(5),
      figures: JSON.stringify({
        mode: 'safe',
        answer: 'approved',
        record: {
          decided: 6,
          held: 6,
          lower: 0.61,
          untouched: { recovered: 1, persisted: 4 },
          lift: 0.8,
        },
      }),
    },
  );
  await sql`UPDATE bot_findings SET resolved_at = engine.now(), resolution_method = 'auto-fixed'`.execute(
    db,
  );
  const { out } = await explain(finding);
  expect(out).toMatch(/^State +resolved \d+s ago, auto-fixed: a remedy was applied, and/m);
  expect(out).not.toContain('if a run came now');
  expect(out).toMatch(
    /5m ago +sweep applied: all gates were open \(mode safe\), and a person approved it; held 6 of 6, lower bound \.610; untouched 1 of 5 recovered; lift \+\.800/,
  );
});

test('what is not there ends with 3', async () => {
  expect((await explain('abcd')).code).toBe(3);
});

const cooling = async () => {
  const sweep = await insertKnowledge(db, 'sweep', { autonomy: 'auto' });
  await insertAction(db, bot, 'failed', 1, { knowledge_id: sweep, fingerprint: 'fp' });
  return sweep;
};
const opens = String.raw`it opens at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC, in [34]m`;

test('a closed gate says when it opens and which command asks again, by finding or by its ticket', async () => {
  await cooling();
  const ticket = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
  });
  const line = new RegExp(
    String.raw`^sweep +gate cooldown: it was tried on this 1 minute ago; 5 minutes have to pass; ${opens}; after that \`npx roundsman bots run watch\` asks again$`,
    'm',
  );
  expect((await explain(finding)).out).toMatch(line);
  for (const given of [ticket, ticket.toLowerCase()])
    expect((await explain(given)).out).toMatch(line);
  for (const given of [ticket, ticket.slice(2)])
    expect((await roundsman(url, 'tickets', 'explain', given)).out).toMatch(line);
  expect((await roundsman(url, 'findings', 'show', ticket)).out).toContain(finding);
  const { candidates } = (await roundsman(url, 'tickets', 'explain', ticket, '--json')).json();
  expect(candidates[0].closed).toEqual([
    {
      gate: 'cooldown',
      waits_for: 'time',
      opens_at: expect.any(String),
      try: 'npx roundsman bots run watch',
    },
  ]);
  for (const args of [
    ['findings', 'explain', 'T-999'],
    ['tickets', 'explain', '999'],
  ])
    expect((await roundsman(url, ...args)).code).toBe(3);
});

test.each([
  [
    'kill_switch',
    () => sql`UPDATE engine.settings SET value = '"off"' WHERE key = 'mode'`,
    '`npx roundsman mode safe`',
  ],
  [
    'disabled',
    () => sql`UPDATE bot_knowledge SET enabled = false`,
    '`npx roundsman knowledge enable sweep`',
  ],
  [
    'autonomy',
    () => sql`UPDATE bot_knowledge SET autonomy = 'shadow'`,
    '`npx roundsman knowledge edit sweep --autonomy suggest`',
  ],
  [
    'budget',
    () => sql`WITH older AS (UPDATE bot_actions SET taken_at = taken_at - interval '1 day', applied_at = NULL)
              UPDATE engine.settings SET value = '{}' WHERE key = 'budget'`,
    '`npx roundsman limits heals_per_hour N`',
  ],
  [
    'in_progress',
    () => sql`UPDATE bot_actions SET state = 'unknown', success = false, taken_at = taken_at - interval '1 day',
              applied_at = applied_at - interval '1 day', settled_at = NULL`,
    'it is not known when that will be; `npx roundsman bots run watch`',
  ],
])('what waits for no time says for what: %s', async (gate, close, words) => {
  const { rows } = await sql<{ key: string; value: string }>`
    SELECT key, value::text FROM engine.settings WHERE key IN ('mode', 'budget')`.execute(db);
  await cooling();
  try {
    await close().execute(db);
    const { out } = await explain(finding);
    expect(out).toMatch(new RegExp(`^sweep +gate ${gate}: `, 'm'));
    expect(out).toContain(words);
  } finally {
    for (const { key, value } of rows)
      await sql`UPDATE engine.settings SET value = ${value}::jsonb WHERE key = ${key}`.execute(db);
  }
});
