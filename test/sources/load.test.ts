/** Many deliveries at once while the listener is killed: none that was accepted is lost, and none is there twice. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { receiveDeliveries } from '../../src/data/sources/deliveries.ts';
import { insertBot } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';
import { loadSource } from './load-scene.ts';

test('200 a second for two seconds, and kill -9 in between', async () => {
  const { db, url } = await testDatabase();
  const { result, held } = await loadSource(
    { db, url },
    { perSecond: 200, seconds: 2, killsAt: [1] },
  );
  expect(result.accepted.size).toBe(400);
  expect(held).toEqual({ rows: 400, distinct: 400, lost: 0 });
  expect(result.failed).toBeGreaterThan(0);
}, 90_000);

test('writers at the same time: numbers have no gap, and a reader that goes by them misses none', async () => {
  const { db, url } = await testDatabase();
  const bots = [
    await insertBot(db, 'a', { api_endpoint: 'in:a' }),
    await insertBot(db, 'b', { api_endpoint: 'in:b' }),
  ];
  const writers = Array.from({ length: 6 }, () => connect(url, { max: 1 }));
  const one = (bot_id: string, delivery_id: string) => ({
    bot_id,
    delivery_id,
    again_seconds: null,
    again_overtaken: false,
    sent_at: null,
    event: 'x',
    secret: 'X',
    alarms: [],
    ignored: null,
  });
  const seen: string[] = [];
  let isWriting = true;
  const reading = (async () => {
    let after = '0';
    for (;;) {
      const ended = !isWriting;
      const rows = await db
        .selectFrom('engine.inbox')
        .select(['number', 'delivery_id'])
        .where('bot_id', '=', bots[0]!)
        .where('number', '>', after)
        .orderBy('number')
        .execute();
      seen.push(...rows.map(({ delivery_id }) => delivery_id));
      after = rows.at(-1)?.number ?? after;
      if (ended) return;
    }
  })();
  // An open transaction of another session does not hold the deliveries back.
  const open = connect(url, { max: 1 });
  await open.transaction().execute(async (trx) => {
    await sql`INSERT INTO engine.settings (key, value) VALUES ('a test', '1')`.execute(trx);
    await Promise.all(
      writers.map(async (writer, w) => {
        for (let n = 0; n < 60; n += 1) {
          // Each delivery comes from two writers, in either order of the sources.
          const id = `${Math.floor(w / 2)}-${n}`;
          const both = [one(bots[0]!, id), one(bots[1]!, id)];
          await receiveDeliveries(writer, w % 2 === 0 ? both : both.toReversed());
        }
      }),
    );
    isWriting = false;
    await reading;
  });
  await Promise.all([...writers, open].map((each) => each.destroy()));
  const { rows } = await sql<{ count: string; newest: string }>`
    SELECT count(*) AS count, max(number) AS newest FROM engine.inbox GROUP BY bot_id`.execute(db);
  expect(rows).toEqual([
    { count: '180', newest: '180' },
    { count: '180', newest: '180' },
  ]);
  expect(seen).toHaveLength(180);
  expect(new Set(seen).size).toBe(180);
}, 60_000);
