import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { leaseSeconds } from '../../src/data/bots/fence.ts';
import { whileHeld } from '../support/held.ts';
import {
  aDatabase,
  aRunWriter,
  endWithBrokenDisk,
  isWaiting,
  saw,
  totals,
  underWay,
} from './group-commit-runs.ts';

test('a bot whose row another transaction holds for long does not keep other runs of the flush from being written', async () => {
  const { db, url } = await aDatabase(10);
  const writer = aRunWriter(url);
  const runs = await underWay(db);
  let last: Promise<unknown> = Promise.resolve();
  await db.transaction().execute(async (trx) => {
    await sql`SELECT FROM bots WHERE id = ${runs[9]!.bot.id}::uuid FOR UPDATE`.execute(trx);
    const began = performance.now();
    const [held, ...free] = runs.toReversed().map((run) => endWithBrokenDisk(writer, run));
    last = held!;
    await Promise.all(free);
    expect(performance.now() - began, 'within their leases').toBeLessThan(leaseSeconds * 1_000);
    expect(await totals(db)).toMatchObject({ succeeded: 9 });
  });
  await last;
  expect(await totals(db)).toMatchObject({ succeeded: 10, total_runs: 10 });
});

test('a flush that meets a deadlock with another transaction is tried again', async () => {
  const { db, url } = await aDatabase(2);
  const writer = aRunWriter(url);
  const [low, high] = await underWay(db);
  let ends: Promise<unknown> = Promise.resolve();
  await db.transaction().execute(async (trx) => {
    // The server ends the flush, and not the other transaction.
    await sql`SET LOCAL deadlock_timeout = '20s'`.execute(trx);
    await sql`SELECT FROM bot_executions WHERE id = ${high!.id}::uuid FOR UPDATE`.execute(trx);
    ends = Promise.all([low!, high!].map((run) => endWithBrokenDisk(writer, run)));
    await expect.poll(isWaiting(db)).toBe(1);
    await sql`SELECT FROM bot_executions WHERE id = ${low!.id}::uuid FOR UPDATE`.execute(trx);
  });
  await ends;
  expect(writer.logged).toMatchObject([{ fault: 'contended', runs: 2 }]);
  expect(await totals(db)).toMatchObject({ succeeded: 2, total_runs: 2, occurrences: 2 });
});

test.each(['bot_executions', 'bots', 'bot_finding_states'] as const)(
  'the rows of %s are locked in their order',
  async (table) => {
    const { db, url } = await aDatabase(12);
    const writer = aRunWriter(url);
    for (const run of await underWay(db)) await endWithBrokenDisk(writer, run);
    const runs = await underWay(db);
    const key = table === 'bot_finding_states' ? sql.ref('fingerprint') : sql.ref('id');
    const ours = table === 'bot_executions' ? sql`status = 'running'` : sql`true`;
    const { rows } = await sql<{ key: string }>`
      SELECT ${key}::text AS key FROM ${sql.table(table)} WHERE ${ours} ORDER BY ${key}`.execute(
      db,
    );
    const middle = rows[6]!.key;
    let ends: Promise<unknown> = Promise.resolve();
    await db.transaction().execute(async (trx) => {
      await sql`SELECT FROM ${sql.table(table)} WHERE ${key}::text = ${middle} FOR UPDATE`.execute(
        trx,
      );
      // Not in the order of their ids.
      const mixed = [
        ...runs.filter((_, at) => at % 2 === 1),
        ...runs.filter((_, at) => at % 2 === 0),
      ];
      ends = Promise.all(mixed.toReversed().map((run) => endWithBrokenDisk(writer, run)));
      await expect.poll(isWaiting(db)).toBe(1);
      const free = await sql<{ key: string }>`
        SELECT ${key}::text AS key FROM ${sql.table(table)} WHERE ${ours} ORDER BY ${key}
        FOR NO KEY UPDATE SKIP LOCKED`.execute(db);
      expect(free.rows).toEqual(rows.slice(7));
    });
    await ends;
    expect(await totals(db)).toMatchObject({ succeeded: 24, occurrences: 24 });
  },
);

test('two runs of one bot that record at once are kept apart by their bot, before they lock any memory', async () => {
  const { db, url } = await aDatabase(1);
  const writer = aRunWriter(url);
  await endWithBrokenDisk(writer, (await underWay(db))[0]!);
  const [run] = await underWay(db);
  let recorded: Promise<unknown> = Promise.resolve();
  await whileHeld(db, sql`SELECT FROM bots`, async () => {
    recorded = writer.record(run!, saw(['disk', 'fan'], ['fan']));
    await expect.poll(isWaiting(db)).toBe(1);
    const free = await sql`SELECT FROM bot_finding_states FOR NO KEY UPDATE SKIP LOCKED`.execute(
      db,
    );
    expect(free.rows).toHaveLength(1);
  });
  await recorded;
  expect(await totals(db)).toMatchObject({ findings: 2, open_findings: 1 });
});
