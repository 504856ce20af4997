/** A whole engine on a database whose transactions are serializable: they overtake each other all the time. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine, type TestEngine } from '../support/engine.ts';
import { attempt, nothingHeldOut, queuedRun } from '../support/runs.ts';

const rounds = 3;
const names = Array.from({ length: 6 }, (_, index) => `bot-${index}`);

test('workers that overtake each other in every remedy fail none of them, and double no effect', async () => {
  const database = await testDatabase();
  const { db } = database;
  await sql
    .raw(`ALTER DATABASE ${database.name} SET default_transaction_isolation = 'serializable'`)
    .execute(db);
  await sql`CREATE TABLE engine.shared AS SELECT 0 AS n`.execute(db);
  await sql`CREATE TABLE engine.shared_effects (component text)`.execute(db);
  let well = new Set<string>();
  const bots = names.map((name) =>
    aBot(name, async () => (well.has(name) ? clean(name) : broken(name)), {
      knowledge: [
        entry(`raise.${name}`, playbook('shared.raise'), { pattern: `${name} is broken` }),
      ],
    }),
  );
  const cure = aRemedy('shared.raise', async ({ db: trx, target }) => {
    await sql`SELECT n FROM engine.shared`.execute(trx);
    await sql`UPDATE engine.shared SET n = n + 1`.execute(trx);
    await sql`INSERT INTO engine.shared_effects VALUES (${target.component})`.execute(trx);
    well.add(target.component);
  });
  const engines: TestEngine[] = [];
  for (let number = 0; number < 3; number++)
    engines.push(await anEngine({ name: 'postgres' }, catalogue(bots, [cure]), { database }));
  await db
    .transaction()
    .setIsolationLevel('read committed')
    .execute(async (trx) => {
      await nothingHeldOut(trx);
      await sql`UPDATE engine.settings SET value = value || '{"cooldown_minutes": 0}' WHERE key = 'healing'`.execute(
        trx,
      );
    });
  for (let round = 0; round < rounds; round++) {
    well = new Set();
    const ids = await Promise.all(names.map((name) => queuedRun(db, name)));
    await Promise.all(ids.map((id, index) => attempt(engines[index % engines.length]!, id)));
  }
  const actions = await db.selectFrom('bot_actions').select(['state', 'applied_at']).execute();
  expect(actions.filter(({ state }) => state === 'failed')).toEqual([]);
  const applied = actions.filter(({ applied_at }) => applied_at !== null).length;
  const { rows } = await sql<{ n: number; effects: number }>`
    SELECT n, (SELECT count(*)::int FROM engine.shared_effects) AS effects FROM engine.shared`.execute(
    db,
  );
  expect(rows).toEqual([{ n: applied, effects: applied }]);
  // Most of them went through.
  expect(applied).toBeGreaterThan((rounds * names.length) / 2);
}, 60_000);
