/** Numbers that are drawn for each row do not run out: a number of 32 bits would after 2,147,483,647, which is six years at 1,000,000 a day. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';

/** One number for each version of the escalation policy that a person sets. */
const few = ['engine.policies.version'];

test('every number that the database draws by itself has 64 bits, but for those of which there are few', async () => {
  const { db } = await testDatabase();
  const { rows } = await sql<{ name: string; type: string }>`
    SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname || '.' || a.attname AS name,
           format_type(a.atttypid, NULL) AS type
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE n.nspname IN ('public', 'engine') AND c.relkind IN ('r', 'p') AND NOT a.attisdropped
      AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE '%nextval%')
    ORDER BY 1`.execute(db);
  expect(rows.length).toBeGreaterThan(4);
  const short = rows.filter(({ type }) => type !== 'bigint').map(({ name }) => name);
  expect(short).toEqual(few);

  const sequences = await sql<{ name: string }>`
    SELECT schemaname || '.' || sequencename AS name FROM pg_sequences
    WHERE schemaname IN ('public', 'engine') AND max_value < 9223372036854775807 ORDER BY 1`.execute(
    db,
  );
  expect(sequences.rows).toEqual([{ name: 'engine.policies_version_seq' }]);
});
