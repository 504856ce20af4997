/** A definition is set back to an earlier version: what is shown before, what is refused, and what is noticed meanwhile. */
import { sql } from 'kysely';
import pg from 'pg';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { loadCatalogue } from '../../src/cli/session/catalogue.ts';
import { addBot, newBot } from '../../src/services/bots/add.ts';
import { editBot, editOf } from '../../src/services/bots/edit.ts';
import { pauseBot } from '../../src/services/bots/pause.ts';
import { definitionHistory } from '../../src/services/history/list.ts';
import {
  DefinitionChangedError,
  planRevert,
  revert,
  RevertRefusedError,
} from '../../src/services/history/reverters/revert.ts';
import { addKnowledge } from '../../src/services/knowledge/add.ts';
import { editKnowledge } from '../../src/services/knowledge/edit.ts';
import { changeLimit, limitNamed } from '../../src/services/limits/change.ts';
import { setMode } from '../../src/services/mode/change.ts';
import { setNotifications } from '../../src/services/notify/set.ts';
import { readPolicy } from '../../src/services/policy/check.ts';
import { readDefaultPolicy, setPolicy } from '../../src/services/policy/set.ts';
import { changeSetting } from '../../src/services/settings/change.ts';
import { addSilence } from '../../src/services/silences/add.ts';
import { endSilence } from '../../src/services/silences/end.ts';
import { testDatabase } from '../support/database.ts';

const { db, url } = await testDatabase();
const catalogue = await loadCatalogue();
const actor = { name: 'ann', role: 'owner', source: 'command', place: 'bots revert' } as const;
const given = { db, actor, catalogue };

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, bot_findings, engine.definition_changes CASCADE`.execute(
    db,
  );
});

const add = () =>
  addBot(given, {
    bot: newBot({ name: 'night', endpoint: 'janitor', schedule: '0 3 * * *' }, catalogue),
  });
const edit = (definition: Parameters<typeof editOf>[0]) =>
  editBot(given, { bot: 'night', edit: editOf(definition) });
const bot = () =>
  db.selectFrom('bots').selectAll().where('name', '=', 'night').executeTakeFirstOrThrow();
const back = async (
  kind: Parameters<typeof planRevert>[1]['kind'],
  of: string,
  to?: number,
): Promise<number> => revert(given, await planRevert(given, { kind, of, to }));

async function byHand(statement: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url, application_name: 'psql' });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query(statement, values);
  return client;
}

test('the newest change of a bot is taken back as a new version, by the person who asked', async () => {
  await add();
  await edit({ schedule: '*/10 * * * *', priority: 4 });
  const plan = await planRevert(given, { kind: 'bot', of: 'night' });
  expect(plan.wanted.version).toBe(1);
  expect(plan.differences).toEqual([
    { path: 'schedule_cron', before: '*/10 * * * *', after: '0 3 * * *' },
    { path: 'priority', before: 4, after: 0 },
  ]);
  expect(plan.consequences.join('\n')).toMatch(/At 03:00/);
  expect(plan.consequences.join('\n')).toMatch(
    /the next runs would be at (?:\S+ 03:00:00(?:, )?){5} UTC/,
  );
  expect(plan.consequences).toContain('1 run in the next 24 hours, 144 as it is now');
  // A plan writes nothing.
  expect(await bot()).toMatchObject({ schedule_cron: '*/10 * * * *', priority: 4 });
  expect(await revert(given, plan)).toBe(3);
  expect(await bot()).toMatchObject({ schedule_cron: '0 3 * * *', priority: 0 });
  const { changes } = await definitionHistory(db, { kind: 'bot', of: 'night', limit: 1 });
  expect(changes).toMatchObject([
    { version: 3, actor: 'ann', source: 'command', place: 'bots revert', why: 'version 1 again' },
  ]);
});

test('any known version can be set back, also the one before the history began', async () => {
  await add();
  await sql`TRUNCATE engine.definition_changes`.execute(db);
  for (const jitter of [10, 20, 30]) await edit({ jitter });
  expect(await back('bot', 'night', 2)).toBe(4);
  expect((await bot()).jitter_seconds).toBe(20);
  await back('bot', 'night', 0);
  expect((await bot()).jitter_seconds).toBe(0);
  await expect(back('bot', 'night', 9)).rejects.toThrow(
    'night has no version 9: its history knows versions 0 to 5',
  );
});

test('a status is left to its own commands, and that is said', async () => {
  await add();
  await edit({ priority: 7 });
  await pauseBot(given, { bot: 'night', reason: null });
  const plan = await planRevert(given, { kind: 'bot', of: 'night' });
  expect(plan.wanted.version).toBe(1);
  expect(plan.left).toMatchObject([
    { difference: { path: 'status', before: 'paused', after: 'active' } },
  ]);
  await revert(given, plan);
  expect(await bot()).toMatchObject({ status: 'paused', priority: 0 });
});

test('a version that says the same changes nothing', async () => {
  await add();
  await pauseBot(given, { bot: 'night', reason: null });
  expect((await planRevert(given, { kind: 'bot', of: 'night', to: 1 })).differences).toEqual([]);
  await expect(planRevert(given, { kind: 'bot', of: 'night' })).rejects.toThrow(
    'night has no earlier version',
  );
});

test('what cannot be set today is refused with its reason, and nothing is written', async () => {
  await add();
  await byHand("UPDATE bots SET schedule_cron = '0 0 31 2 *' WHERE name = 'night'");
  await edit({ schedule: '0 4 * * *' });
  await expect(planRevert(given, { kind: 'bot', of: 'night' })).rejects.toThrow(/never/);
  await byHand("UPDATE bots SET api_endpoint = '/api/bots/gone' WHERE name = 'night'");
  await edit({ endpoint: 'janitor' });
  await expect(planRevert(given, { kind: 'bot', of: 'night' })).rejects.toThrow(/gone/);
  expect(await bot()).toMatchObject({ schedule_cron: '0 4 * * *', status: 'active' });
});

test('an entry whose remedy is gone is not set back; its autonomy is not given back with its solution', async () => {
  const entry = (solution: string) => ({
    name: 'disk.full',
    category: 'disk',
    issue_pattern: 'disk full',
    solution,
    autonomy: 'shadow' as const,
  });
  const { entry: added } = await addKnowledge(given, { entry: entry('clean it') });
  await byHand('UPDATE bot_knowledge SET solution = $1 WHERE id = $2', [
    'steps:\n  - remedy: disk.gone\n',
    added.id,
  ]);
  await editKnowledge(given, {
    knowledge: 'disk.full',
    edit: { solution: 'buy another', issue_pattern: 'disk .* full', autonomy: 'suggest' },
    maxOwn: 1,
  });
  await expect(planRevert(given, { kind: 'knowledge', of: 'disk.full' })).rejects.toThrow(
    /disk\.gone/,
  );
  const plan = await planRevert(given, { kind: 'knowledge', of: 'disk.full', to: 1 });
  expect(plan.consequences.join('\n')).toMatch(
    /would have matched 0 findings of the last 30 days; it matched 0 findings/,
  );
  expect(plan.left).toMatchObject([{ difference: { path: 'autonomy' } }]);
  await revert(given, plan);
  const now = await db.selectFrom('bot_knowledge').selectAll().executeTakeFirstOrThrow();
  expect(now).toMatchObject({
    solution: 'clean it',
    issue_pattern: 'disk full',
    autonomy: 'suggest',
  });
});

test('a change between the plan and its confirmation is noticed, and stays', async () => {
  await add();
  await edit({ priority: 1 });
  const plan = await planRevert(given, { kind: 'bot', of: 'night' });
  await editBot(
    { ...given, actor: { ...actor, name: 'ben' } },
    { bot: 'night', edit: editOf({ timeout: 90 }) },
  );
  const refused = revert(given, plan);
  await expect(refused).rejects.toThrow(DefinitionChangedError);
  await expect(refused).rejects.toThrow('ben has changed it meanwhile: it has version 3 now');
  expect(await bot()).toMatchObject({ priority: 1, timeout_seconds: 90 });
});

test('also a change that is committed while the revert waits for the row', async () => {
  await add();
  await edit({ priority: 1 });
  const plan = await planRevert(given, { kind: 'bot', of: 'night' });
  const client = await byHand('BEGIN');
  await client.query("UPDATE bots SET timeout_seconds = 90 WHERE name = 'night'");
  const waiting = revert(given, plan);
  await expect
    .poll(async () => {
      const { rows } = await sql<{ n: number }>`
        SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`.execute(
        db,
      );
      return rows[0]!.n;
    })
    .toBe(1);
  await client.query('COMMIT');
  await expect(waiting).rejects.toThrow(DefinitionChangedError);
  expect(await bot()).toMatchObject({ priority: 1, timeout_seconds: 90 });
});

test('a version that held a credential is refused', async () => {
  await add();
  await byHand(
    `UPDATE bots SET description = 'at https://ann:hunter2hunter2@example.com' WHERE name = 'night'`,
  );
  await edit({ description: 'nothing' });
  await expect(planRevert(given, { kind: 'bot', of: 'night' })).rejects.toThrow(RevertRefusedError);
});

test('silences: an ended one is in force again, unless its time is over', async () => {
  const silence = {
    component: '/v1',
    category: null,
    fingerprint: null,
    seconds: 3_600,
    reason: 'moved',
  };
  const { silence: added } = await addSilence(given, silence);
  await endSilence(given, { silence: added.id });
  await back('silence', added.id);
  expect(await db.selectFrom('bot_silences').selectAll().executeTakeFirstOrThrow()).toMatchObject({
    ended_at: null,
    expires_at: added.expires_at,
  });
  await endSilence(given, { silence: added.id });
  await byHand(
    "UPDATE engine.definition_changes SET before = before || jsonb_build_object('expires_at', now() - interval '1 h') WHERE event = 'changed'",
  );
  await expect(planRevert(given, { kind: 'silence', of: added.id })).rejects.toThrow(/was over at/);
});

test('limits, settings, notifications and the policy are set back by their own checks', async () => {
  for (const value of [7, 9])
    await changeLimit(given, { limit: limitNamed('cooldown_minutes'), value });
  expect(await back('limit', 'cooldown_minutes')).toBe(3);
  const { rows: limits } = await sql<{ is: number }>`
    SELECT engine.healing_limit('cooldown_minutes') AS is`.execute(db);
  expect(limits).toEqual([{ is: 7 }]);

  await changeSetting(given, { name: 'http_hosts', value: ['a.example', 'b.example'] });
  await changeSetting(given, { name: 'http_hosts', value: ['c.example'] });
  await back('setting', 'http_hosts');
  const host = () =>
    db
      .selectFrom('engine.settings')
      .select('value')
      .where('key', '=', 'http_hosts')
      .executeTakeFirst();
  expect(await host()).toEqual({ value: ['a.example', 'b.example'] });
  await setMode(given, { mode: 'off', reason: null });
  await expect(planRevert(given, { kind: 'setting', of: 'mode' })).rejects.toThrow(
    'it has a command of its own',
  );

  const document = (channel: string) =>
    `channels:\n  ${channel}:\n    kind: log\nroutes:\n  - to: [${channel}]\n`;
  await setNotifications(given, { text: document('ops'), place: 'a test' });
  await setNotifications(given, { text: document('night'), place: 'a test' });
  const plan = await planRevert(given, { kind: 'notifications', of: 'notifications' });
  expect(plan.consequences.join()).toContain('the channel night goes');
  await revert(given, plan);
  const stored = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', 'notifications')
    .executeTakeFirstOrThrow();
  expect(Object.keys((stored.value as { channels: object }).channels)).toEqual(['ops']);

  await setPolicy(given, { read: readDefaultPolicy() });
  await setPolicy(given, { read: readPolicy('rules: []\n', 'a test') });
  const policyPlan = await planRevert(given, { kind: 'policy', of: 'policy' });
  expect(policyPlan.sentences.added.length).toBeGreaterThan(0);
  await revert(given, policyPlan);
  const { rows } = await sql<{ policy: unknown }>`
    SELECT policy FROM engine.policies WHERE version = engine.current_policy()`.execute(db);
  expect(rows[0]!.policy).toEqual(readDefaultPolicy().document);
});

test('an operator may not set a bot back', async () => {
  await add();
  await edit({ priority: 1 });
  await expect(
    planRevert({ ...given, actor: { name: 'op', role: 'operator' } }, { kind: 'bot', of: 'night' }),
  ).rejects.toThrow('op may not set a bot back');
});
