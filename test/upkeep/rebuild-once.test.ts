/** What is the best size of an index, after a rebuild. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { aDatabase, aTable, work } from './scene.ts';

/** Its index takes some 12 MB. */
const rows = 210_000;

test('rows that became wider do not have the index rebuilt each week: after a rebuild its size is the best', async () => {
  const { db, url } = await aDatabase();
  await aTable(db, 'orders', rows);
  await work({ db, url });
  await sql`UPDATE engine.index_sizes SET best_bytes = 1_000_000 WHERE index_name = 'orders_key'`.execute(
    db,
  );
  expect((await work({ db, url })).figures()).toMatchObject({ rebuilt: 1 });
  expect((await work({ db, url })).figures()).toMatchObject({ rebuilt: 0 });
}, 60_000);
