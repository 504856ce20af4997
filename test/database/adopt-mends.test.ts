/** Each difference is one line, and what stands between its parentheses runs on a real server, or is words. */
import { sql, type Kysely } from 'kysely';
import { expect, it } from 'vitest';
import type { SchemaDiffersError } from '../../src/data.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { madeByHand } from './adopt-platform.ts';

const listed = async (db: Kysely<any>) => {
  const refused = await migrateToLatest(db).then(
    () => null,
    (error: unknown) => error as SchemaDiffersError,
  );
  return refused?.listed.map(({ difference, mend }) => [difference, mend]) ?? [];
};

it('a documented trigger that is another one is one difference, and its statement mends it', async () => {
  const { db } = await madeByHand(
    `DROP TRIGGER update_profiles_updated_at ON profiles;
     CREATE TRIGGER update_profiles_updated_at AFTER UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION update_updated_at()`,
  );
  const differences = await listed(db);
  expect(differences).toEqual([
    [
      expect.stringMatching(/^profiles: trigger update_profiles_updated_at is .* AFTER /),
      expect.anything(),
    ],
  ]);
  for (const [, mend] of differences) await sql.raw(mend as string).execute(db);
  expect(await listed(db)).toEqual([]);
});
