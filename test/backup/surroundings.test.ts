/** What is around the tables of a copy is compared, too: roles, who may connect, rows of materialised views. */
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { readRoles } from '../../src/backup/read/roles.ts';
import { surroundingsThatDiffer } from '../../src/backup/restore/compare-surroundings.ts';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
import { ownPostgres } from '../support/own-servers.ts';
import { backupFolder, take } from './scene.ts';

test('a role of the copy that may do more or less, or a membership, is named', async () => {
  const database = await testDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  onTestFinished(() => client.end());
  const [group, member] = ['"the group', 'member'].map((name) => `${name} ${database.name}"`) as [
    string,
    string,
  ];
  const quotedMember = `"${member}`;
  await administer(
    database.url,
    `CREATE ROLE ${group}`,
    `CREATE ROLE ${quotedMember} LOGIN CONNECTION LIMIT 3`,
    `GRANT ${group} TO ${quotedMember}`,
    `GRANT SELECT ON public.bots TO ${quotedMember}`,
    `ALTER ROLE ${quotedMember} SET search_path = public`,
  );
  onTestFinished(() =>
    administer(
      database.url,
      `DROP OWNED BY ${group}, ${quotedMember}`,
      `DROP ROLE ${group}, ${quotedMember}`,
    ),
  );
  const roles = (await readRoles(client)).map((line) => `${line}\n`).join('');
  expect(roles).toContain(quotedMember);
  const compare = () => surroundingsThatDiffer(client, { roles });
  expect(await compare()).toEqual([]);
  for (const [change, back] of [
    ['CREATEROLE', 'NOCREATEROLE'],
    ['NOLOGIN', 'LOGIN'],
    ['CONNECTION LIMIT 4', 'CONNECTION LIMIT 3'],
    ['SET search_path = pg_catalog', 'SET search_path = public'],
    ['SET work_mem = 9999', 'RESET work_mem'],
  ]) {
    await client.query(`ALTER ROLE ${quotedMember} ${change}`);
    expect(await compare(), change).toEqual([expect.stringContaining(quotedMember)]);
    await client.query(`ALTER ROLE ${quotedMember} ${back}`);
  }
  await client.query(`REVOKE ${group} FROM ${quotedMember}`);
  expect(await compare()).toEqual([
    expect.stringMatching(/^roles differ: the copy does not have GRANT "the group/),
  ]);
}, 120_000);

test('a view that was not refreshed is proven, and it is told that a restore fills it anew', async () => {
  const database = await testDatabase();
  await administer(
    database.url,
    'CREATE TABLE public.kept AS SELECT 1 AS n',
    'CREATE MATERIALIZED VIEW public.stale AS SELECT n FROM public.kept',
    'CREATE MATERIALIZED VIEW public.fresh AS SELECT n + 1 AS n FROM public.kept',
    'UPDATE public.kept SET n = 2',
    'REFRESH MATERIALIZED VIEW public.fresh',
  );
  const taken = await take(database, backupFolder(), { prove: true });
  expect(taken).toMatchObject({ proven: true, unproven: null, refreshed: ['public.stale'] });
}, 120_000);

test('what a role writes into its own settings, and odd names, are only text in a backup', async () => {
  const server = await ownPostgres();
  const database = { url: server.url, db: server.db };
  const client = new Client({ connectionString: server.url });
  await client.connect();
  onTestFinished(() => client.end());
  const ask = (query: string) => administer(server.url, query);
  const odd = ['a$role$b', 'a$do$b', 'two\nlines', 'back\\slash "quoted"'];
  const quoted = odd.map((name) => `"${name.replaceAll('"', '""')}"`);
  await ask('CREATE ROLE low LOGIN');
  for (const each of [...quoted, 'low'])
    await ask(
      `${each === 'low' ? '' : `CREATE ROLE ${each}; `}GRANT SELECT ON public.bots TO ${each}`,
    );
  await ask(`GRANT ${quoted[0]!} TO ${quoted[2]!} WITH ADMIN OPTION`);
  await ask(`GRANT ${quoted[1]!} TO ${quoted[3]!} WITH INHERIT FALSE`);
  // As the role itself may.
  const becomesSuperuser = 'x;alter/**/role/**/low/**/superuser';
  for (const where of ['', ' IN DATABASE postgres'])
    await ask(
      `SELECT set_config('search_path', '${becomesSuperuser}', false); ALTER ROLE low${where} SET search_path FROM CURRENT`,
    );
  await ask(`ALTER ROLE low SET application_name = 'costs $role$ 5'`);
  await ask(`ALTER ROLE low IN DATABASE postgres SET application_name = '$set$ $do$ x'`);
  await ask(`ALTER ROLE ${quoted[0]!} SET search_path = "$user", public, "A b", 'c,d'`);
  const folder = backupFolder();
  const taken = await take(database as never, folder, { prove: true });
  expect(taken).toMatchObject({ proven: true, unproven: null });
  const { rows } = await client.query(`SELECT rolsuper FROM pg_roles WHERE rolname = 'low'`);
  expect(rows).toEqual([{ rolsuper: false }]);
  const statements = await readRoles(client);
  expect(statements.every((line) => !line.includes('\n'))).toBe(true);
  expect(statements.join('\n')).toContain(`'$user', 'public', 'A b', 'c,d'`);
  expect(statements.join('\n')).not.toMatch(/SET search_path TO x;/);
}, 180_000);
