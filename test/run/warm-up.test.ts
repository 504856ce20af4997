import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { aDatabase, aRunWriter, endWithBrokenDisk, totals, underWay } from './group-commit-runs.ts';
import { aWire } from './group-commit-wire.ts';

async function connections(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'roundsman run writer'`.execute(db);
  return rows[0]!.count;
}

test('a writer that has warmed up has all its connections, has written nothing, and works', async () => {
  const { db, url } = await aDatabase(1);
  const [run] = await underWay(db);
  const before = await totals(db);
  const writer = aRunWriter(url);
  expect(await connections(db)).toBe(0);
  await writer.warmUp();
  expect(await connections(db)).toBe(3);
  expect(await totals(db)).toEqual(before);
  await endWithBrokenDisk(writer, run!);
  expect(await totals(db)).toMatchObject({ succeeded: 1, findings: 1, tickets: 1 });
});

test('one that loses a connection while it warms up says so, and works', async () => {
  const { db, url } = await aDatabase(1);
  const wire = await aWire(url);
  wire.arm({ before: 'locked_bots' });
  const [run] = await underWay(db);
  const writer = aRunWriter(wire.url);
  await expect(writer.warmUp()).rejects.toThrow();
  expect(wire.cuts()).toBe(1);
  await endWithBrokenDisk(writer, run!);
  expect(await totals(db)).toMatchObject({ succeeded: 1 });
});
