import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from './known.ts';
import { ago, insertBot, insertFinding } from './rows.ts';

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
  expect(out).toContain('Nothing that is known fits.');
  expect(out).toContain('npx roundsman knowledge add NAME --category "api"');
  expect(out).toContain('no run has come to it');
});

test('what is too expensive to try is named', async () => {
  await insertKnowledge(db, 'heavy', {
    issue_pattern: `pile ${'(?:a{1,30}b{1,30}){1,30}'.repeat(3)}`,
  });
  expect((await explain(finding)).out).toMatch(/Not known whether they fit, .*: heavy/);
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
    /^sweep +gate approval: its last effect on this was taken back/m,
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
