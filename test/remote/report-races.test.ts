/** Reports to runs that begin again or are taken over, and in the moment in which a check gives up. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { connect } from '../../src/database/connect.ts';
import { giveBackRuns } from '../../src/transitions/runs/give-back.ts';
import { takeOverRuns } from '../../src/transitions/runs/take-over.ts';
import { hasOpenssl } from '../support/certificates.ts';
import { attempt, rowOf, set } from '../support/runs.ts';
import { askedBy, asyncScene, takesOn } from './async-scene.ts';
import { calm } from './scene.ts';

test.runIf(hasOpenssl)(
  'a run that is given back asks once, and takes the report in its second start',
  async () => {
    const scene = await asyncScene();
    const { db } = scene;
    // The first start ends once its lease cannot be renewed; then the same call makes the second start.
    const running = scene.round();
    const asked = await scene.taken();
    const { id } = askedBy(asked).run;
    const { fence } = await rowOf(db, id);
    await giveBackRuns(db, [{ id, fence: fence! }]);
    expect(await scene.report(asked, calm)).toMatchObject({ status: 503 });
    const started = async () => {
      const { status, generation } = await rowOf(db, id);
      return [status, generation];
    };
    await expect.poll(started, { timeout: 10_000 }).toEqual(['running', 2]);
    expect(await scene.report(asked, calm)).toMatchObject({ status: 202 });
    expect(await running).toMatchObject({ status: 'success', attempt: 1 });
    expect(scene.seen).toHaveLength(1);
  },
);

test.runIf(hasOpenssl)(
  'a run that is taken over asks anew, and the report of its earlier attempt is refused',
  async () => {
    const scene = await asyncScene();
    const { db } = scene;
    const running = scene.round({ max_attempts: 3 });
    const asked = await scene.taken();
    const { id } = askedBy(asked).run;
    const takeOver = async () => {
      await sql`UPDATE bot_executions SET lease_until = engine.now() - interval '1 second' WHERE id = ${id}::uuid`.execute(
        db,
      );
      return takeOverRuns(db, 10);
    };
    await expect.poll(takeOver).toHaveLength(1);
    await running;
    expect(await scene.report(asked, calm)).toMatchObject({ status: 410 });
    const secondAttempt = attempt(scene.engine, id);
    const again = await scene.taken(2);
    expect(askedBy(again).run).toMatchObject({ id, attempt: 2 });
    expect(await scene.report(asked, calm)).toMatchObject({ status: 410 });
    expect(await scene.report(again, calm)).toMatchObject({ status: 202 });
    expect(await secondAttempt).toMatchObject({ status: 'success', attempt: 2 });
  },
);

/** Holds the row of the only request until the returned function is called, so that all others who want it wait in order. */
async function holdRow({ engine, db }: Awaited<ReturnType<typeof asyncScene>>) {
  const holder = connect(engine.url, { max: 1 });
  const released = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const ended = holder.transaction().execute(async (trx) => {
    await sql`SELECT FROM engine.remote_reports FOR UPDATE`.execute(trx);
    held.resolve();
    await released.promise;
  });
  await held.promise;
  return {
    async waiting(count: number) {
      const waiters = async () => {
        const { rows } = await sql<{ count: number }>`
          SELECT count(*)::int FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%engine.remote_reports%'`.execute(
          db,
        );
        return rows[0]!.count;
      };
      await expect.poll(waiters, { timeout: 15_000, interval: 20 }).toBe(count);
    },
    async release() {
      released.resolve();
      await ended;
      await holder.destroy();
    },
  };
}

test.runIf(hasOpenssl)(
  'a report that comes just before its lease ends counts, although the check gives up in the same moment',
  async () => {
    const scene = await asyncScene(takesOn(3));
    const running = scene.round();
    const asked = await scene.taken();
    const row = await holdRow(scene);
    const reported = scene.report(asked, calm);
    await row.waiting(1);
    await row.waiting(2);
    await row.release();
    expect([(await reported).status, (await running).status]).toEqual([202, 'success']);
  },
);

test.runIf(hasOpenssl)(
  'a report that comes in the moment after the check has given up is refused',
  async () => {
    const scene = await asyncScene();
    const running = scene.round();
    const asked = await scene.taken();
    const row = await holdRow(scene);
    await set(scene.db, 'mode', 'off');
    await row.waiting(1);
    const reported = scene.report(asked, calm);
    await row.waiting(2);
    await row.release();
    expect([(await reported).status, (await running).status]).toEqual([410, 'skipped']);
  },
);
