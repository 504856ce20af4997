/** A command that refuses has written nothing before. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type Kysely } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { joinEmbedded } from '../../src/database/embedded/index.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { migrationStatus } from '../../src/database/migrate/status.ts';
import { heartbeat, removeNode } from '../../src/maintain/heartbeat.ts';
import { agreeOnBackend, recordedBackend } from '../../src/queue/backend.ts';
import { makeRound } from '../../src/services/round/make.ts';
import { aBot, catalogue, clean } from '../support/builders.ts';
import { testDatabase } from '../support/database.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { roundsman, start } from './command.ts';

const pendingOf = async (db: Kysely<any>) =>
  (await migrationStatus(db)).filter(({ executedAt }) => !executedAt).map(({ name }) => name);

const hasQueue = async (db: Kysely<any>) => {
  const { rows } = await sql<{ has: boolean }>`
    SELECT to_regnamespace('bullmq') IS NOT NULL AS has`.execute(db);
  return rows[0]!.has;
};

test('db queue postgres, while a process is alive, makes no tables of the queue', async () => {
  const { db, url } = await testDatabase();
  await agreeOnBackend(db, 'redis');
  const node = { id: 'w1', role: 'worker' as const };
  await heartbeat(db, node);
  const refused = await roundsman(url, 'db', 'queue', 'postgres');
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('still alive: worker')]);
  expect(await hasQueue(db)).toBe(false);
  await removeNode(db, node);
  expect(await roundsman(url, 'db', 'queue', 'postgres')).toMatchObject({ code: 0 });
  expect([await hasQueue(db), await recordedBackend(db)]).toEqual([true, 'postgres']);
});

const forget = (db: Kysely<any>) =>
  sql`DELETE FROM engine.kysely_migration WHERE name = (SELECT max(name) FROM engine.kysely_migration)`.execute(
    db,
  );

test('up --migrate with another backend than the recorded one migrates nothing', async () => {
  const { db, url } = await testDatabase();
  await agreeOnBackend(db, 'redis');
  await forget(db);
  const pending = await pendingOf(db);
  expect(pending).toHaveLength(1);
  const refused = await roundsman(url, 'up', '--migrate');
  expect([refused.code, refused.err]).toEqual([
    1,
    expect.stringContaining('will not start with BullMQ on postgres'),
  ]);
  expect([await pendingOf(db), await hasQueue(db)]).toEqual([pending, false]);
});

test('the embedded database is not migrated by a seed or a round that is refused', async () => {
  const home = await mkdtemp(join(tmpdir(), 'roundsman-refused-'));
  await chmod(home, 0o755);
  const env = { ROUNDSMAN_HOME: join(home, 'own') };
  const { url, leave: stop } = await joinEmbedded(env.ROUNDSMAN_HOME, { create: true });
  const db = connect(url);
  onTestFinished(async () => {
    await db.destroy();
    await stop();
    await rm(home, { recursive: true, force: true });
  });
  await migrateToLatest(db);
  await agreeOnBackend(db, 'redis');
  await sql`WITH person AS (INSERT INTO auth.users (id) VALUES (gen_random_uuid()) RETURNING id)
    INSERT INTO profiles (id, email) SELECT id, 'ann@example.com' FROM person ON CONFLICT DO NOTHING`.execute(
    db,
  );
  await forget(db);
  const pending = await pendingOf(db);
  expect(pending).toHaveLength(1);
  const seed = await start('', ['db', 'seed'], env).ended;
  expect([seed.code, seed.err]).toEqual([1, expect.stringContaining('already holds people')]);
  const round = await start('', ['round'], env).ended;
  expect([round.code, round.err]).toEqual([1, expect.stringContaining('will not start with')]);
  expect([await pendingOf(db), await hasQueue(db)]).toEqual([pending, false]);
}, 60_000);

test('a round of bots of which one cannot run queues none of them', async () => {
  const { db } = await testDatabase();
  await registerCatalogue(
    db,
    catalogue(['one', 'two'].map((name) => aBot(name, async () => clean('x')))),
  );
  const bots = await db.selectFrom('bots').select('id').orderBy('name').execute();
  await sql`UPDATE bots SET status = 'disabled' WHERE name = 'two'`.execute(db);
  const round = makeRound({ db, actor: { name: 'ann', role: 'owner' } }, { bots });
  await expect(round).rejects.toThrow('two cannot be run');
  expect(await db.selectFrom('bot_executions').selectAll().execute()).toEqual([]);
});

test('round with a name that is no bot registers nothing', async () => {
  const { db, url } = await testDatabase();
  const refused = await roundsman(url, 'round', 'ledger', 'legder');
  expect([refused.code, refused.err]).toEqual([3, expect.stringContaining('legder')]);
  expect(await db.selectFrom('bots').selectAll().execute()).toEqual([]);
  expect(await db.selectFrom('engine.settings').select('key').execute()).not.toContainEqual({
    key: 'queue_backend',
  });
});
