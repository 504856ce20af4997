/** What is around the tables of a copy is compared, too: roles, who may connect, rows of materialised views. */
import { Client } from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { readRoles } from '../../src/backup/read/surroundings.ts';
import { surroundingsThatDiffer } from '../../src/backup/restore/compare-surroundings.ts';
import { testDatabase } from '../support/database.ts';
import { administer } from '../support/postgres.ts';
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
