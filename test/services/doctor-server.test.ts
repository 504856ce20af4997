/** What the doctor says of a server, on servers that are so. */
import { sql } from 'kysely';
import { expect, inject, onTestFinished, test } from 'vitest';
import { readConfig, type Config } from '../../src/config.ts';
import { connect } from '../../src/database/connect.ts';
import {
  describeConnection,
  type ConnectionFacts,
} from '../../src/services/doctor/describe-connection.ts';
import { examineDisk } from '../../src/services/doctor/disk.ts';
import { examineFailover } from '../../src/services/doctor/failover.ts';
import { examineGrants } from '../../src/services/doctor/grants.ts';
import { examineOpenSessions } from '../../src/services/doctor/open-sessions.ts';
import { examinePooler } from '../../src/services/doctor/pooler.ts';
import { examineTls } from '../../src/services/doctor/tls.ts';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';

const configOf = (url: string, more: NodeJS.ProcessEnv = {}): Config =>
  readConfig({ DATABASE_URL: url, ROUNDSMAN_HOME: '/tmp', ...more });
const plain: ConnectionFacts = { isPooled: false, tls: null, isLocal: true, dataFolder: null };

async function aLogin(url: string, options: string, ...grants: string[]) {
  const name = `login_${Math.random().toString(36).slice(2, 10)}`;
  await administer(
    url,
    `CREATE ROLE ${name} LOGIN PASSWORD 'secret' ${options}`,
    ...grants.map((grant) => grant.replaceAll('LOGIN', name)),
  );
  onTestFinished(() => administer(url, `DROP OWNED BY ${name}`, `DROP ROLE ${name}`));
  const own = Object.assign(new URL(url), { username: name, password: 'secret' }).href;
  const db = connect(own, { max: 1 });
  onTestFinished(() => db.destroy());
  return { name, db, url: own };
}

test('a login whose limit is almost reached gets a warning, and one with room is well', async () => {
  const { url } = await testDatabase();
  const { name, db, url: own } = await aLogin(url, 'CONNECTION LIMIT 5');
  const around = { db, config: configOf(own), connection: plain };
  expect(await examineOpenSessions(around)).toMatchObject([
    {
      status: 'ok',
      detail: `1 of the 5 connections of the role ${name} are open, 1 of them Roundsman's as far as this login sees`,
    },
  ]);
  const more = connect(own, { max: 4, name: 'roundsman test' });
  onTestFinished(() => more.destroy());
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const held = Array.from({ length: 3 }, () =>
    more.connection().execute(async (session) => {
      await sql`SELECT 1`.execute(session);
      await isOver;
    }),
  );
  await expect
    .poll(async () => (await examineOpenSessions(around))[0]!)
    .toMatchObject({
      status: 'warn',
      detail: `4 of the 5 connections of the role ${name} are open, 4 of them Roundsman's as far as this login sees`,
    });
  end();
  await Promise.all(held);
});

test('a connection says of itself whether it is local, direct and encrypted', async () => {
  const { url } = await testDatabase();
  expect(await describeConnection(url)).toMatchObject({
    isPooled: false,
    tls: null,
    isLocal: true,
  });
  const around = (connection: Partial<ConnectionFacts>, more?: NodeJS.ProcessEnv) => ({
    db: undefined as never,
    config: configOf(inject('postgresUrl'), more),
    connection: { ...plain, ...connection },
  });
  expect(await examineTls(around({}))).toEqual([]);
  expect(await examineTls(around({ isLocal: false }))).toMatchObject([
    {
      status: 'warn',
      detail: expect.stringContaining('not encrypted'),
      hint: expect.stringContaining('sslmode=verify-full'),
    },
  ]);
  const tls = (isVerified: boolean) => ({
    isLocal: false,
    tls: { protocol: 'TLSv1.3', isVerified },
  });
  expect(await examineTls(around(tls(false)))).toMatchObject([
    { status: 'warn', detail: expect.stringContaining('not checked') },
  ]);
  expect(await examineTls(around(tls(true)))).toMatchObject([{ status: 'ok' }]);
  expect(await examinePooler(around({}))).toEqual([]);
  expect(await examinePooler(around({ isPooled: true }))).toMatchObject([
    { status: 'warn', hint: expect.stringContaining('ROUNDSMAN_CONNECTIONS') },
  ]);
  expect(
    await examinePooler(around({ isPooled: true }, { ROUNDSMAN_CONNECTIONS: '7' })),
  ).toMatchObject([{ status: 'ok' }]);
});

test('a server that loses commits in a crash is named with the statement that ends it', async () => {
  const { db, url } = await testDatabase();
  // The tests' server runs so, for speed.
  expect(await examineFailover({ db, config: configOf(url), connection: plain })).toMatchObject([
    {
      subject: 'Replication',
      status: 'warn',
      hint: expect.stringMatching(
        /^as a superuser: ALTER SYSTEM RESET fsync; .*SELECT pg_reload_conf/,
      ),
    },
  ]);
});

test('the room of each disk is named once', async () => {
  const { db, url } = await testDatabase();
  const found = await examineDisk({
    db,
    config: configOf(url),
    connection: { ...plain, dataFolder: '/tmp' },
  });
  expect(found).toMatchObject([
    {
      subject: 'Disk',
      detail: expect.stringMatching(
        /^[\d,]+ MB \(\d+ %\) are free for the server's data, in \/tmp$/,
      ),
    },
  ]);
  const unseen = await examineDisk({ db, config: configOf(url), connection: plain });
  expect(unseen.map(({ detail }) => detail)).toEqual([
    expect.stringContaining('free for ROUNDSMAN_HOME'),
    expect.stringContaining('cannot be seen from here'),
  ]);
});

test('a login with too little, too much and just enough, and users with too much', async () => {
  const { db, url } = await testDatabase();
  expect(await examineGrants(db, configOf(url))).toMatchObject([
    { status: 'warn', detail: expect.stringContaining('is a superuser') },
  ]);
  // The embedded server has no other login.
  expect(await examineGrants(db, { ...configOf(url), databaseUrl: undefined })).toEqual([]);
  const { name, db: own } = await aLogin(url, '', 'GRANT USAGE ON SCHEMA engine TO LOGIN');
  expect(await examineGrants(own, configOf(url))).toMatchObject([
    {
      status: 'fail',
      hint: `as the owner of the tables: SELECT engine.let_login_work('"${name}"')`,
    },
  ]);
  await sql.raw(`SELECT engine.let_login_work('"${name}"')`).execute(db);
  expect(await examineGrants(own, configOf(url))).toMatchObject([
    { status: 'ok', detail: `${name} has what the engine needs` },
  ]);
  await sql`GRANT DELETE ON bots TO anon`.execute(db);
  expect(await examineGrants(own, configOf(url))).toMatchObject([
    { status: 'ok' },
    {
      status: 'warn',
      detail: expect.stringContaining('anon may DELETE bots'),
      hint: expect.stringContaining('REVOKE DELETE ON bots FROM anon'),
    },
  ]);
});

test('a role that may make functions where the login looks names up is named, and one that may act as the login is not', async () => {
  const { db, url } = await testDatabase();
  const { name, db: own } = await aLogin(url, '');
  const { name: other } = await aLogin(url, '');
  await sql.raw(`SELECT engine.let_login_work('${name}')`).execute(db);
  const others = async () =>
    (await examineGrants(own, configOf(url))).filter(({ detail }) => detail.includes('functions'));
  expect(await others()).toEqual([]);

  await sql.raw(`GRANT CREATE ON SCHEMA public TO ${other}`).execute(db);
  expect(await others()).toMatchObject([
    {
      status: 'warn',
      detail: expect.stringContaining(
        `with the rights of this login: ${other} may CREATE in schema public`,
      ),
      hint: expect.stringContaining(`REVOKE CREATE ON SCHEMA public FROM ${other}`),
    },
  ]);
  // It is called, because its argument fits better than that of PostgreSQL's own.
  await sql
    .raw(
      `SET ROLE ${other}; CREATE FUNCTION public.format(text, int) RETURNS text LANGUAGE sql RETURN 'its own'; RESET ROLE`,
    )
    .execute(db);
  const { rows } = await sql`SELECT format('%s'::text, 1) AS text`.execute(own);
  expect(rows).toEqual([{ text: 'its own' }]);

  await sql.raw(`GRANT ${name} TO ${other}`).execute(db);
  expect(await others()).toEqual([]);
  await sql.raw(`REVOKE ${name} FROM ${other}`).execute(db);
  await sql.raw(`REVOKE CREATE ON SCHEMA public FROM ${other}`).execute(db);
  await sql`GRANT CREATE ON SCHEMA public TO PUBLIC`.execute(db);
  expect(await others()).toMatchObject([
    { detail: expect.stringContaining('PUBLIC may CREATE in schema public') },
  ]);
});
