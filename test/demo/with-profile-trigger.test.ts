/** A platform may make the profile of each new account by a trigger of its own: fiction is planted there, too. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { pool } from '../../src/database/connect.ts';
import { faults } from '../../src/demo/faults/index.ts';
import { plantPlatform } from '../../src/demo/plant.ts';
import { seedFiction } from '../../src/demo/seed.ts';
import { sizes } from '../../src/demo/sizes.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let url: string;

beforeEach(async () => {
  ({ db, url } = await testDatabase());
  for (const statement of [
    `CREATE FUNCTION public.add_profile() RETURNS trigger LANGUAGE plpgsql AS
     'BEGIN INSERT INTO public.profiles (id, email) VALUES (NEW.id, NEW.email); RETURN NEW; END'`,
    `CREATE TRIGGER account_added AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.add_profile()`,
  ])
    await sql.raw(statement).execute(db);
});

test('every fault can be planted', async () => {
  await registerCatalogue(db, catalogueOf(bots, remedies));
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  const refused: string[] = [];
  for (const { name, plant, lookalike } of faults)
    try {
      await plant(db, rows[0]!.now);
      await lookalike?.(db, rows[0]!.now);
    } catch (error) {
      refused.push(`${name}: ${(error as Error).message}`);
    }
  expect(refused).toEqual([]);
});

test('the demo can be planted', async () => {
  const { users } = await plantPlatform(db);
  const { rows } = await sql`SELECT FROM profiles WHERE display_name IS NOT NULL`.execute(db);
  expect(rows).toHaveLength(users.length);
});

test('a seed can be planted', async () => {
  const connections = pool(url, { max: 1 });
  await seedFiction(connections, 'small', 1).finally(() => connections.end());
  const { rows } = await sql`SELECT FROM profiles WHERE display_name IS NOT NULL`.execute(db);
  expect(rows).toHaveLength(sizes.small.profiles);
});
