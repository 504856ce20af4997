/** What the job maintenance does, on versions of PostgreSQL before the bundled one. */
import { expect, onTestFinished, test } from 'vitest';
import { sql } from 'kysely';
import { connect } from '../../src/database/connect.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { olderServers, startOlder } from '../support/older-servers.ts';
import { administer, inDatabase } from '../support/postgres.ts';
import { aTable, deleteMost, work } from './scene.ts';

const none =
  'is not run: no server is installed (apt-get install postgresql-15, or OLDER_POSTGRES)';
test.skipIf(olderServers.length > 0)(`an older PostgreSQL ${none}`, ({ skip }) => skip());

test.each(olderServers)(
  'PostgreSQL $major: tables are vacuumed and grown indexes rebuilt; a login that owns nothing is told',
  async (programs) => {
    const { url: server } = await startOlder(programs);
    await administer(server, 'CREATE DATABASE platform');
    const url = inDatabase(server, 'platform');
    const db = connect(url, { max: 3 });
    onTestFinished(() => db.destroy());
    await migrateToLatest(db);
    await aTable(db, 'orders', 210_000);
    await work({ db, url });
    await deleteMost(db, 'orders');
    await sql`CREATE ROLE stranger LOGIN PASSWORD 'x' IN ROLE service_role`.execute(db);
    const own = new URL(url);
    [own.username, own.password] = ['stranger', 'x'];
    const strange = connect(own.href, { max: 2 });
    onTestFinished(() => strange.destroy());
    const refused = (await work({ db: strange, url: own.href })).figures();
    expect(refused).toMatchObject({
      vacuumed: 0,
      rebuilt: 0,
      not_allowed: { tables: expect.any(Number) },
    });
    const figures = (await work({ db, url })).figures() as Record<string, any>;
    expect(figures.tables.map(({ table }: { table: string }) => table)).toContain('public.orders');
    expect(figures.indexes).toMatchObject([{ index: 'public.orders_key' }]);
    expect(figures.indexes[0].bytes_after).toBeLessThan(figures.indexes[0].bytes_before / 5);
  },
  120_000,
);
