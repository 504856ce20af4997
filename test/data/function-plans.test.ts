/** Plans that functions keep are right whenever they were made: also while the tables were empty. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();

test('every function of ours that reads tables asks by key', async () => {
  const { rows } = await sql<{ name: string; reads: string[]; config: string[] }>`
    SELECT p.oid::regprocedure::text AS name, coalesce(p.proconfig, '{}') AS config
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace IN ('engine'::regnamespace, 'public'::regnamespace) AND l.lanname IN ('sql', 'plpgsql')
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
      AND p.prosrc ~* '\\m(FROM|JOIN|UPDATE|INTO)\\s+(public|engine)\\.'`.execute(db);
  expect(rows.length).toBeGreaterThan(20);
  const byChance = rows.filter(({ config }) => !config.includes('enable_seqscan=off'));
  expect(
    byChance.map(({ name }) => name),
    'CREATE FUNCTION ... SET enable_seqscan = off (see v8_20_plans.sql)',
  ).toEqual([]);
});
