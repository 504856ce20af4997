/** Which slots are owed when the harness pauses the bots in the middle of a minute. */
import { CompiledQuery, sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import type { PostgresServer } from './postgres-server.ts';
import { pauseAll, type Scene } from './scene.ts';
import { slotRows } from './slots.ts';

const { db } = await testDatabase();
const ask = async (text: string, values: unknown[] = []) =>
  (await db.executeQuery(CompiledQuery.raw(text, values))).rows as never[];
const postgres = { ask } as Pick<PostgresServer, 'ask'> as PostgresServer;

/** A bot whose next slot is `slot`, and begins at `due`: both in seconds from now. */
async function aBot(name: string, slot: number, due: number): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, jitter_seconds, checked_version, next_slot_at,
                      next_execution_at)
    VALUES (${name}, ${name}, '* * * * *', '/api/bots/walker', 29, 1, engine.now() + make_interval(secs => ${slot}),
            engine.now() + make_interval(secs => ${due})) RETURNING id`.execute(db);
  return rows[0]!.id;
}

test('a slot that its jitter still puts off is not owed; one that is due, claimed, or put off for too long is', async () => {
  const bots = {
    'put-off': await aBot('put-off', -1, 20),
    due: await aBot('due', -1, -0.1),
    claimed: await aBot('claimed', 59, 80),
    'put-off-for-too-long': await aBot('put-off-for-too-long', -1, 40),
  };
  const now = Date.now();
  const first = Object.entries(bots).map(([name, bot]) => ({ bot, name, first: now }));
  const spans = await pauseAll({ postgres } as Scene, first);
  const owed = spans.filter(({ until }) => until >= now).map(({ name }) => name);
  expect(owed).toEqual(['due', 'claimed', 'put-off-for-too-long']);
  // The engine itself records a slot that is due when its bot is paused.
  expect((await slotRows(postgres)).map(({ bot }) => bot)).toEqual([bots.due]);
  expect(await ask(`SELECT DISTINCT status FROM bots`)).toEqual([{ status: 'paused' }]);
});
