/** What the triggers write of a change of a definition, whoever makes it. */
import { sql } from 'kysely';
import pg from 'pg';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { addBot, newBot } from '../../src/services/bots/add.ts';
import { editBot, editOf } from '../../src/services/bots/edit.ts';
import { disableBot } from '../../src/services/bots/enable.ts';
import { pauseBot, resumeBot } from '../../src/services/bots/pause.ts';
import { removeBot } from '../../src/services/bots/remove.ts';
import { renameBot } from '../../src/services/bots/rename.ts';
import { definitionHistory } from '../../src/services/history/list.ts';
import { addKnowledge } from '../../src/services/knowledge/add.ts';
import { editKnowledge } from '../../src/services/knowledge/edit.ts';
import { knowledgeHistory } from '../../src/services/knowledge/history.ts';
import { changeLimit, limitNamed } from '../../src/services/limits/change.ts';
import { setMode } from '../../src/services/mode/change.ts';
import { setNotifications } from '../../src/services/notify/set.ts';
import { readDefaultPolicy, setPolicy } from '../../src/services/policy/set.ts';
import { readPolicy } from '../../src/services/policy/check.ts';
import { changeHosts } from '../../src/services/settings/change-hosts.ts';
import { changeSetting, clearSetting } from '../../src/services/settings/change.ts';
import { addSilence } from '../../src/services/silences/add.ts';
import { endSilence } from '../../src/services/silences/end.ts';
import { removeOldChanges } from '../../src/data/history/changes.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { loadCatalogue } from '../../src/cli/session/catalogue.ts';
import { testDatabase } from '../support/database.ts';

const { db, url } = await testDatabase();
const catalogue = await loadCatalogue();
const actor = {
  name: 'ann',
  role: 'owner',
  source: 'command',
  place: 'bots edit',
} as const;
const given = { db, actor, catalogue };

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, engine.definition_changes CASCADE`.execute(
    db,
  );
});

const add = (name = 'night') =>
  addBot(given, { bot: newBot({ name, endpoint: 'janitor', schedule: '0 3 * * *' }, catalogue) });

const historyOf = async (kind: Parameters<typeof definitionHistory>[1]['kind'], of?: string) =>
  (await definitionHistory(db, { kind, of, limit: 100 })).changes;

/** A session of another program. */
async function byHand(program = 'psql') {
  const client = new pg.Client({ connectionString: url, application_name: program });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

test('of a bot each change of a person is a version, with who, from where, before and after', async () => {
  await add();
  await editBot(given, { bot: 'night', edit: editOf({ schedule: '30 4 * * *' }) });
  await pauseBot(given, { bot: 'night', reason: 'moved' });
  await resumeBot({ ...given, catalogue: async () => catalogue }, { bot: 'night' });
  await renameBot(given, { bot: 'night', name: 'evening' });
  await disableBot(given, { bot: 'evening', reason: null });
  await removeBot(given, { bot: 'evening', reason: null });
  const changes = await historyOf('bot', 'evening');
  expect(changes.map(({ version, happened }) => [version, happened])).toEqual([
    [7, 'removed'],
    [6, 'disabled'],
    [5, 'renamed'],
    [4, 'resumed'],
    [3, 'paused'],
    [2, 'edited'],
    [1, 'added'],
  ]);
  for (const change of changes)
    expect(change).toMatchObject({ actor: 'ann', source: 'command', place: 'bots edit' });
  expect(changes[5]).toMatchObject({
    before: { schedule_cron: '0 3 * * *' },
    after: { schedule_cron: '30 4 * * *' },
  });
  expect(changes[6]).toMatchObject({ before: null, after: { schedule_cron: '0 3 * * *' } });
  expect(changes[4]).toMatchObject({ after: { status: 'paused', status_reason: 'moved' } });
});

test('what a run changes of a bot is no change of its definition', async () => {
  const { bot } = await add();
  await sql`UPDATE bots SET last_execution_at = engine.now(), next_slot_at = engine.now(), next_execution_at = engine.now(),
              checked_version = definition_version WHERE id = ${bot.id}`.execute(db);
  expect(await historyOf('bot', 'night')).toHaveLength(1);
});

test('a change that is rolled back is not in the history', async () => {
  await add();
  await expect(
    db.transaction().execute(async (trx) => {
      await editBot({ ...given, db: trx }, { bot: 'night', edit: editOf({ jitter: 20 }) });
      throw new Error('taken back');
    }),
  ).rejects.toThrow('taken back');
  expect(await historyOf('bot')).toHaveLength(1);
});

test('two edits at once get a version each', async () => {
  await add();
  await Promise.all(
    [10, 20, 30].map((jitter) => editBot(given, { bot: 'night', edit: editOf({ jitter }) })),
  );
  expect((await historyOf('bot')).map(({ version }) => version)).toEqual([4, 3, 2, 1]);
});

describe('SQL by hand', () => {
  test('is known by its role, its login and its program', async () => {
    await add();
    const client = await byHand();
    await client.query("UPDATE bots SET schedule_cron = '5 5 * * *' WHERE name = 'night'");
    await client.query(
      "BEGIN; SET LOCAL ROLE service_role; UPDATE bots SET priority = 3 WHERE name = 'night'; COMMIT",
    );
    const login = (await client.query('SELECT session_user AS login')).rows[0].login as string;
    const [second, first] = await historyOf('bot', 'night');
    expect(first).toMatchObject({
      source: 'sql',
      place: 'psql',
      actor: login,
      database_role: login,
    });
    expect(second).toMatchObject({ source: 'sql', actor: 'service_role', database_role: login });
  });

  test('names the signed-in user, and the name of its program does not make it the engine', async () => {
    await add();
    const client = await byHand('roundsman worker');
    await client.query(`GRANT USAGE ON SCHEMA public TO authenticated; GRANT SELECT, UPDATE ON bots TO authenticated;
      CREATE POLICY "A test edits" ON bots FOR ALL TO authenticated USING (true)`);
    await client.query(
      `BEGIN; SET LOCAL request.jwt.claims = '{"sub": "5f0c5a3e-0000-4000-8000-000000000001"}'; SET LOCAL ROLE authenticated`,
    );
    await client.query("UPDATE bots SET description = 'mine' WHERE name = 'night'");
    await client.query('COMMIT');
    expect((await historyOf('bot', 'night'))[0]).toMatchObject({
      source: 'sql',
      actor: 'authenticated for the user 5f0c5a3e-0000-4000-8000-000000000001',
      after: { description: 'mine' },
    });
  });

  test('of an entry it stands in the history of the entry, beside the events of Roundsman', async () => {
    const { entry } = await addKnowledge(given, {
      entry: {
        name: 'disk.full',
        category: 'disk',
        issue_pattern: 'disk full',
        solution: 'clean it',
        autonomy: 'shadow',
      },
    });
    await editKnowledge(given, {
      knowledge: 'disk.full',
      edit: { solution: 'clean it well' },
      maxOwn: 1,
    });
    const client = await byHand();
    await client.query("UPDATE bot_knowledge SET solution = 'buy another' WHERE id = $1", [
      entry.id,
    ]);
    const { events } = await knowledgeHistory(db, { knowledge: 'disk.full', limit: 10 });
    expect(events).toMatchObject([
      {
        event: 'edited',
        version: 3,
        source: 'sql',
        place: 'psql',
        before: { solution: 'clean it well' },
        after: { solution: 'buy another' },
      },
      { event: 'edited', version: 2, source: 'command', place: 'bots edit', actor: 'ann' },
      { event: 'added', version: 1, source: 'command' },
    ]);
    expect(await historyOf('knowledge', 'disk.full')).toHaveLength(3);
  });

  test('deletes a row, and its last definition stays known', async () => {
    const { silence } = await addSilence(given, {
      component: '/v1',
      category: null,
      fingerprint: null,
      seconds: 60,
      reason: 'moved',
    });
    const client = await byHand();
    await client.query('DELETE FROM bot_silences');
    const [deleted] = await historyOf('silence');
    expect(deleted).toMatchObject({
      event: 'deleted',
      definition: silence.id,
      before: { component: '/v1', reason: 'moved' },
      after: null,
    });
  });

  test('may hold a credential, and the history does not', async () => {
    await add();
    const client = await byHand();
    const secrets = {
      url: 'https://ann:hunter2hunter2@example.com/x?a=b',
      header: 'Bearer abcdef0123456789abcdef',
      token: `ghp_${'a1'.repeat(18)}`,
      hook: `https://hooks.slack.com/services/T000/B000/${'x'.repeat(24)}`,
      quoted: 'a "quoted" \\ text \n of two lines, é and {{secret:NAME}}',
    };
    await client.query("UPDATE bots SET config = $1 WHERE name = 'night'", [
      JSON.stringify(secrets),
    ]);
    await client.query("UPDATE bots SET config = '{}' WHERE name = 'night'");
    const { rows } = await client.query(
      'SELECT before::text || coalesce(after::text, $1) AS text, before FROM engine.definition_changes WHERE before IS NOT NULL',
      [''],
    );
    expect(rows).toHaveLength(2);
    for (const { text } of rows)
      for (const secret of ['hunter2', 'abcdef0123', 'ghp_a1', 'xxxxxxxx'])
        expect(text).not.toContain(secret);
    expect(rows[1].before.config).toMatchObject({
      quoted: secrets.quoted,
      url: 'https://ann:[redacted]@example.com/x?a=b',
    });
  });
});

test('silences, limits, settings, notifications, the policy and the mode have it, too', async () => {
  const { silence } = await addSilence(given, {
    component: '/v1',
    category: null,
    fingerprint: null,
    seconds: 60,
    reason: 'moved',
  });
  await endSilence(given, { silence: silence.id });
  expect((await historyOf('silence')).map(({ happened }) => happened)).toEqual(['ended', 'added']);

  await changeLimit(given, { limit: limitNamed('cooldown_minutes'), value: 7 });
  await changeLimit(given, { limit: limitNamed('heals_per_hour'), value: 50 });
  expect(await historyOf('limit')).toMatchObject([
    { name: 'heals_per_hour', before: { value: 60 }, after: { value: 50 }, actor: 'ann' },
    { name: 'cooldown_minutes', before: { value: 5 }, after: { value: 7 } },
  ]);

  await changeHosts(given, { add: ['a.example'], remove: [] });
  await changeSetting(given, { name: 'runs_keep_days', value: 40 });
  await clearSetting(given, 'runs_keep_days');
  await setMode(given, { mode: 'off', reason: 'a test' });
  expect(await historyOf('setting')).toMatchObject([
    { name: 'mode', before: { value: 'safe' }, after: { value: 'off' }, why: 'a test' },
    { name: 'runs_keep_days', event: 'deleted', before: { value: 40 }, after: null },
    { name: 'runs_keep_days', event: 'added', after: { value: 40 } },
    { name: 'http_hosts', event: 'added', after: { value: ['a.example'] } },
  ]);

  const text = 'channels:\n  ops:\n    kind: log\nroutes:\n  - to: [ops]\n';
  await setNotifications(given, { text, place: 'a test' });
  await setNotifications(given, { text: `${text}    on: [opened]\n`, place: 'a test' });
  expect(await historyOf('notifications')).toMatchObject([
    { version: 2, event: 'changed' },
    { version: 1, event: 'added', after: { value: { channels: { ops: { kind: 'log' } } } } },
  ]);

  await setPolicy(given, { read: readPolicy('rules: []\n', 'a test') });
  await setPolicy(given, { read: readDefaultPolicy() });
  const [newest, before] = await historyOf('policy');
  const { rows } = await sql<{
    version: number;
  }>`SELECT max(version) AS version FROM engine.policies`.execute(db);
  expect(newest).toMatchObject({ version: rows[0]!.version, actor: 'ann', source: 'command' });
  expect(newest!.sentences.added.length).toBeGreaterThan(0);
  expect(before!.version).toBe(newest!.version - 1);
});

test('what the engine does for itself is said to be its own, and heartbeats are no changes', async () => {
  await using engine = connect(url, { name: 'roundsman up' });
  await registerCatalogue(engine, catalogue);
  await sql`UPDATE bots SET status = 'error', status_reason = 'bad' WHERE name = 'janitor'`.execute(
    engine,
  );
  await sql`INSERT INTO engine.settings (key, value) VALUES ('last_stop', '{}') ON CONFLICT (key) DO UPDATE SET value = '{"a": 1}'`.execute(
    engine,
  );
  const [error, added] = await historyOf('bot', 'janitor');
  expect(error).toMatchObject({
    happened: 'in error',
    actor: 'roundsman',
    source: 'engine',
    place: 'roundsman up',
  });
  expect(added).toMatchObject({ event: 'added', actor: 'roundsman', source: 'catalogue' });
  expect(await historyOf('setting')).toEqual([]);
});

test('the newest changes of each definition are kept, and all of the policy', async () => {
  const policies = (await historyOf('policy')).length;
  await add('night');
  await add('day');
  for (let jitter = 1; jitter <= 6; jitter += 1)
    await editBot(given, { bot: 'night', edit: editOf({ jitter }) });
  expect(await removeOldChanges(db, 3, 4)).toBe(3);
  expect(await removeOldChanges(db, 1_000, 4)).toBe(0);
  expect((await historyOf('bot', 'night')).map(({ version }) => version)).toEqual([7, 6, 5, 4]);
  expect(await historyOf('bot', 'day')).toHaveLength(1);
  expect((await historyOf('policy')).length).toBe(policies);
});

test('a definition from before there was a history has a version before its first change', async () => {
  await add();
  await sql`TRUNCATE engine.definition_changes`.execute(db);
  await editBot(given, { bot: 'night', edit: editOf({ timezone: 'Europe/Berlin' }) });
  expect(await historyOf('bot', 'night')).toMatchObject([
    { version: 1, before: { timezone: 'UTC' }, after: { timezone: 'Europe/Berlin' } },
  ]);
});

test('one statement that changes or deletes many is written down in one statement', async () => {
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT 'bot-' || n, 'Bot', '@daily', '/api/bots/janitor' FROM generate_series(1, 300) n`.execute(
    db,
  );
  const callsOf = async (statement: string): Promise<string[]> => {
    const { rows } = await sql<{
      'QUERY PLAN': string;
    }>`${sql.raw(`EXPLAIN (ANALYZE) ${statement}`)}`.execute(db);
    return rows
      .map((row) => row['QUERY PLAN'])
      .filter((line) => line.startsWith('Trigger definition'))
      .map((line) => line.replace(/ time=[\d.]+/, ''));
  };
  expect(
    await callsOf("UPDATE bots SET priority = 4, description = name WHERE name <> 'bot-7'"),
  ).toEqual(['Trigger definitions_changed: calls=1', 'Trigger definitions_named: calls=1']);
  expect(await callsOf('DELETE FROM bots')).toContain(
    'Trigger definitions_deleted on bots: calls=1',
  );
  const { rows } = await sql`
    SELECT version, event, count(*)::int, count(DISTINCT definition)::int AS of,
           count(*) FILTER (WHERE after = jsonb_build_object('priority', 4, 'description', name))::int AS own
    FROM engine.definition_changes GROUP BY version, event ORDER BY version, event`.execute(db);
  expect(rows).toEqual([
    { version: 1, event: 'added', count: 300, of: 300, own: 0 },
    { version: 2, event: 'changed', count: 299, of: 299, own: 299 },
    { version: 2, event: 'deleted', count: 1, of: 1, own: 0 },
    { version: 3, event: 'deleted', count: 299, of: 299, own: 0 },
  ]);
});

test('of a statement that names a definition only the rows that differ are changes, and an upsert is one', async () => {
  await add('night');
  await add('day');
  await sql`UPDATE bots SET priority = CASE name WHEN 'night' THEN 2 ELSE priority END, next_slot_at = NULL`.execute(
    db,
  );
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('day', 'Day', '@daily', '/api/bots/janitor')
    ON CONFLICT (name) DO UPDATE SET display_name = excluded.display_name`.execute(db);
  expect(await historyOf('bot')).toMatchObject([
    { name: 'day', version: 2, after: { display_name: 'Day' } },
    { name: 'night', version: 2, after: { priority: 2 } },
    { event: 'added' },
    { event: 'added' },
  ]);
});
