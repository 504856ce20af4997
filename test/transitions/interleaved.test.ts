/**
 * Each pair of transactions, one of them stopped between its statements while the other one begins: neither ends in a
 * deadlock, and both end. What they do is in given.ts and the files of-*.ts, how they meet in interleave.ts.
 */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';
import type { Transactions } from './given.ts';
import { meetAll, openLane, pathOf, type Meetings, type Path } from './interleave.ts';
import { plantScene } from './plant-scene.ts';
import { bots } from './scene.ts';
import { transactions } from './transactions.ts';

/** Each pair runs on a scene of its own. */
const lanes = 3;

async function aLane() {
  const { db, url } = await testDatabase();
  await plantScene(db);
  return openLane(url, db);
}

async function deadlocks(db: Db): Promise<number> {
  await sql`SELECT pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ deadlocks: number }>`
    SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`.execute(db);
  return rows[0]!.deadlocks;
}

/** All pairs of transactions, each in both orders. */
async function meet(all: Transactions): Promise<Meetings & { counted: number; thrown: string[] }> {
  const names = Object.keys(all);
  const opened = await Promise.all(Array.from({ length: lanes }, aLane));
  const paths: Record<string, Path> = {};
  const results: Meetings[] = [];
  const share = async (work: (lane: (typeof opened)[number], name: string) => Promise<void>) => {
    const left = [...names];
    await Promise.all(
      opened.map(async (lane) => {
        for (let name = left.shift(); name; name = left.shift()) await work(lane, name);
      }),
    );
  };
  await share(async (lane, name) => void (paths[name] = await pathOf(lane, all, name)));
  await share(async (lane, name) => void results.push(await meetAll(lane, all, name, paths)));
  for (const { first, second } of opened) await Promise.all([first.end(), second.end()]);
  const counts = await Promise.all(opened.map(({ watch }) => deadlocks(watch)));
  const sum = (of: 'meetings' | 'waits') => results.reduce((total, each) => total + each[of], 0);
  return {
    met: results.flatMap(({ met }) => met),
    meetings: sum('meetings'),
    waits: sum('waits'),
    counted: counts.reduce((total, count) => total + count, 0),
    thrown: names.flatMap((name) =>
      paths[name]!.thrown ? [`${name}: ${paths[name]!.thrown}`] : [],
    ),
  };
}

test(
  'each pair of transactions runs interleaved in both orders without a deadlock',
  { timeout: 480_000 },
  async () => {
    const { met, meetings, waits, counted, thrown } = await meet(transactions);
    expect(thrown, 'alone each of them ends as it is meant to').toEqual([]);
    expect(met).toEqual([]);
    expect(counted, 'deadlocks that PostgreSQL has counted').toBe(0);
    expect(meetings).toBeGreaterThanOrEqual(Object.keys(transactions).length ** 2);
    expect(waits, 'of them those in which the second one waited').toBeGreaterThan(500);
  },
);

test(
  'two transactions that lock the same rows in opposite orders are found',
  { timeout: 60_000 },
  async () => {
    const inOrder =
      (ids: readonly string[]): Transactions[string] =>
      ({ db }) =>
        db.transaction().execute(async (trx) => {
          for (const id of ids)
            await sql`SELECT FROM bots WHERE id = ${id}::uuid FOR NO KEY UPDATE`.execute(trx);
        });
    const { met, counted } = await meet({ up: inOrder(bots), down: inOrder(bots.toReversed()) });
    expect(
      met.map(({ first, second, what }) => `${first} and ${second}: ${what}`).toSorted(),
    ).toEqual(['down and up: 40P01', 'up and down: 40P01']);
    expect(counted).toBe(2);
  },
);
