import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { janitor } from '../../bots/janitor.ts';
import { runCheck } from '../support/check.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
beforeEach(async () => {
  ({ db } = await testDatabase());
});

const check = () => runCheck(janitor, 'orphans', db);
const run = (statement: string) => sql.raw(statement).execute(db);
const orphan = () => ({ space_id: randomUUID(), entered_at: new Date() });

test('every documented reference is guarded in a new database, and so nothing is read', async () => {
  const { rows } = await sql<{ reference: string }>`
    SELECT c.conrelid::regclass || '.' || a.attname AS reference
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
    WHERE contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.confrelid <> 'auth.users'::regclass
      AND c.conrelid::regclass::text !~ '^bot' AND c.confrelid::regclass::text !~ '^bot'
    ORDER BY 1`.execute(db);
  const { examined, ...result } = await check();
  expect((examined as string[]).toSorted()).toEqual(
    rows.map(({ reference }) => reference).toSorted(),
  );
  expect(result).toEqual({
    findings: [],
    figures: [
      { name: 'references', value: rows.length },
      { name: 'references without a foreign key', value: 0 },
      { name: 'references with orphans', value: 0 },
    ],
  });
});

test('a dropped foreign key is no problem by itself, rows without their parent are', async () => {
  await run('ALTER TABLE space_visits DROP CONSTRAINT space_visits_space_id_fkey');
  await db.insertInto('space_visits').values({ entered_at: new Date() }).execute();
  expect((await check()).findings).toEqual([]);
  await db.insertInto('space_visits').values(orphan()).execute();
  expect((await check()).findings).toMatchObject([
    {
      severity: 'medium',
      component: 'space_visits.space_id',
      title: 'Orphans in space_visits: space_id of 1 row refers to no row of virtual_spaces',
      metadata: { orphans: 1 },
    },
  ]);
});

test('a foreign key guards nothing where its triggers are off or it was never validated', async () => {
  await run('ALTER TABLE space_visits DISABLE TRIGGER ALL');
  await db.insertInto('space_visits').values(orphan()).execute();
  expect((await check()).findings).toHaveLength(1);
  await run('ALTER TABLE space_visits ENABLE TRIGGER ALL');
  await run('ALTER TABLE space_visits DROP CONSTRAINT space_visits_space_id_fkey');
  await run(`ALTER TABLE space_visits ADD CONSTRAINT again
    FOREIGN KEY (space_id) REFERENCES virtual_spaces (id) NOT VALID`);
  expect((await check()).findings).toHaveLength(1);
  await db.deleteFrom('space_visits').execute();
  await run('ALTER TABLE space_visits VALIDATE CONSTRAINT again');
  expect((await check()).figures?.[1]?.value).toBe(0);
});

test('the count ends at a bound', async () => {
  await run('ALTER TABLE space_visits DROP CONSTRAINT space_visits_space_id_fkey');
  await run(`INSERT INTO space_visits (space_id, entered_at)
    SELECT gen_random_uuid(), now() FROM generate_series(1, 10001)`);
  expect((await check()).findings).toMatchObject([
    {
      title:
        'Orphans in space_visits: space_id of more than 10000 rows refers to no row of virtual_spaces',
      metadata: { orphans: 10_000 },
    },
  ]);
});
