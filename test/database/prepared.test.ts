/** For which statements a connection keeps plans, and that these plans stay correct. */
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { connect, shortStatements } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

const counted = (id: string) => sql<{ count: string }>`/* prepared */
  SELECT count(*) FROM bots WHERE name = ${id}`;
const named = (id: string) => sql<{ name: string }>`/* prepared */
  SELECT name FROM bots WHERE name = ${id}`;
const kept = sql<{ text: string }>`
  SELECT statement AS text FROM pg_prepared_statements WHERE statement LIKE '/* prepared */%' ORDER BY 1`;

async function engineConnection() {
  const database = await testDatabase();
  const db = connect(database.url, { max: 1, ...shortStatements });
  onTestFinished(() => db.destroy());
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    VALUES ('watch', 'Watch', '* * * * *', '/x')`.execute(db);
  return { db, url: database.url };
}

test('a connection of the engine keeps the plans of marked statements, each under its own name', async () => {
  const { db } = await engineConnection();
  for (let time = 0; time < 7; time += 1) {
    expect((await counted('watch').execute(db)).rows).toEqual([{ count: '1' }]);
    expect((await named('watch').execute(db)).rows).toEqual([{ name: 'watch' }]);
    expect((await counted('nothing').execute(db)).rows).toEqual([{ count: '0' }]);
    await sql`SELECT 1`.execute(db);
  }
  expect((await kept.execute(db)).rows).toHaveLength(2);
});

test('they work after their plans were discarded, after tables were changed, and after one has failed', async () => {
  const { db } = await engineConnection();
  const ask = async () => (await counted('watch').execute(db)).rows;
  expect(await ask()).toEqual([{ count: '1' }]);
  await sql`DISCARD PLANS`.execute(db);
  expect(await ask()).toEqual([{ count: '1' }]);
  await sql`ALTER TABLE bots ADD COLUMN colour text`.execute(db);
  expect(await ask()).toEqual([{ count: '1' }]);
  const broken = sql`/* prepared */ SELECT 1 / ${0}::int`;
  await expect(broken.execute(db)).rejects.toThrow('division by zero');
  await expect(broken.execute(db)).rejects.toThrow('division by zero');
  expect(await ask()).toEqual([{ count: '1' }]);
});

test('other connections, which may go through a pooler, prepare no statements', async () => {
  const { url } = await engineConnection();
  const db = connect(url, { max: 1 });
  onTestFinished(() => db.destroy());
  expect((await counted('watch').execute(db)).rows).toEqual([{ count: '1' }]);
  expect((await kept.execute(db)).rows).toEqual([]);
});
