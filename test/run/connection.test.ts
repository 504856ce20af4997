/** What happens to a run when its connections to the database are lost. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { performRun } from '../../src/run/perform.ts';
import { testDatabase } from '../support/database.ts';
import { aWire } from './group-commit-wire.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { nothingHeldOut, queuedRun } from '../support/runs.ts';

const postgres = { name: 'postgres' as const };

/** Errors that end a Node process; here they are collected. */
function uncaught(): unknown[] {
  const others = process.listeners('uncaughtException');
  const caught: unknown[] = [];
  const collect = (reason: unknown) => void caught.push(reason);
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', collect);
  onTestFinished(() => {
    process.off('uncaughtException', collect);
    for (const listener of others) process.on('uncaughtException', listener);
  });
  return caught;
}

test('a connection that the server ends inside a transaction does not end the process', async () => {
  const { db } = await testDatabase();
  const caught = uncaught();
  await db
    .transaction()
    .execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
      await sql`SELECT pg_terminate_backend(${rows[0]!.pid})`.execute(db);
      // The server's message arrives while the transaction is doing something else.
      await expect
        .poll(async () => {
          const { rows: left } =
            await sql`SELECT FROM pg_stat_activity WHERE pid = ${rows[0]!.pid}`.execute(db);
          return left.length;
        })
        .toBe(0);
      await sql`SELECT 1`.execute(trx);
    })
    .catch(() => {});
  expect(caught.map(String)).toEqual([]);
});

test('a cure whose COMMIT was done but not answered does not count as failed', async () => {
  const database = await testDatabase();
  const wire = await aWire(database.url);
  let well = false;
  const remedy = aRemedy('disk.clean', async ({ db }) => {
    well = true;
    await sql`INSERT INTO engine.settings (key, value) VALUES ('cured', '1')`.execute(db);
    wire.arm({ after: 'COMMIT\0' });
  });
  const bot = aBot('watch', async () => (well ? clean('disk') : broken('disk')), {
    knowledge: [entry('clean', playbook('disk.clean'))],
  });
  const engine = await anEngine(postgres, catalogue([bot], [remedy]), {
    database: { ...database, url: wire.url },
  });
  await nothingHeldOut(engine.db);
  const id = await queuedRun(engine.db, 'watch');
  await performRun(engine, { id, generation: 1 });
  expect(wire.cuts()).toBe(1);
  const actions = await database.db
    .selectFrom('bot_actions')
    .select(['state', 'applied_at'])
    .execute();
  expect(actions).toHaveLength(1);
  expect(['applied', 'verified']).toContain(actions[0]!.state);
});
