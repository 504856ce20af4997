/** Does for some seconds, in one process, what test/chaos/hammer.ts does for minutes with real processes. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { backends } from '../support/backends.ts';
import { testDatabase } from '../support/database.ts';
import { startFlow } from '../support/engine.ts';
import { bots, remedies } from './bots.ts';
import { countDeadlocks, hammer, pauseAll, prepare } from './hammering.ts';

const load = { bots: 12, people: 4, burstEveryMs: 1_500 };

describe.each(backends)('on $name', (backend) => {
  test(
    'whatever people and schedules do at once, there is no deadlock, and every queued run ends',
    { timeout: 150_000 },
    async () => {
      const database = await testDatabase();
      const { db } = database;
      await sql`CREATE SCHEMA chaos`.execute(db);
      await sql`CREATE TABLE chaos.cases (site text NOT NULL, name text PRIMARY KEY)`.execute(db);
      await sql`CREATE TABLE chaos.effects (name text NOT NULL)`.execute(db);
      // Checks read as a role of their own.
      await sql`GRANT USAGE ON SCHEMA chaos TO PUBLIC`.execute(db);
      await sql`GRANT SELECT ON chaos.cases TO PUBLIC`.execute(db);
      await prepare(db, load);
      const testCatalogue = catalogueOf(bots, remedies);
      const flows = [
        await startFlow(backend, testCatalogue, { database }),
        await startFlow(backend, testCatalogue, { database }),
      ];
      const { deeds, failed } = await hammer(db, load, 8_000);
      // One of the engines drains at the same time.
      await Promise.all([pauseAll(db), flows[0]!.stop()]);
      const open = () =>
        sql`SELECT FROM bot_executions WHERE status IN ('queued', 'running') AND run_after IS NULL`
          .execute(db)
          .then(({ rows }) => rows.length);
      await expect.poll(open, { timeout: 90_000, interval: 250 }).toBe(0);
      expect([...failed]).toEqual([]);
      expect(deeds).toBeGreaterThan(50);
      const { rows } = await sql<{ actions: number; undone: number }>`
      SELECT count(*)::int AS actions, count(*) FILTER (WHERE undo_requested_at IS NOT NULL)::int AS undone FROM bot_actions`.execute(
        db,
      );
      expect(rows[0]!.actions).toBeGreaterThan(0);
      expect(rows[0]!.undone).toBeGreaterThan(0);
      await flows[1]!.stop();
      expect(await countDeadlocks(db)).toBe(0);
    },
  );
});
