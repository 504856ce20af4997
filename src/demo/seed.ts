import type pg from 'pg';
import { RoundsmanError } from '../ground/errors.ts';
import { copyInto } from '../database/copy.ts';
import { botPlantings } from './bot-plantings.ts';
import { Chance } from './chance.ts';
import { fillWithoutIndexes } from './fill-without-indexes.ts';
import { peoplePlantings } from './people-plantings.ts';
import { platformPlantings } from './platform-plantings.ts';
import { withAscendingIds, type Planting, type World } from './planting.ts';
import { sizes, type SizeName } from './sizes.ts';

/** The database contains people already: the fictional platform is planted only into an empty one. */
export class NotEmptyError extends RoundsmanError {
  constructor() {
    super({
      what: 'nothing was seeded',
      why: 'this database already holds people, and fictional ones must not mix with them',
      hint: 'seed a database of its own: set DATABASE_URL, or ROUNDSMAN_HOME for another embedded one',
    });
  }
}

export interface SeededTable {
  table: string;
  rows: number;
}

/** All plantings, in an order in which each row comes after those that it refers to. */
export const plantings = (world: World): Planting[] =>
  [...peoplePlantings(world), ...platformPlantings(world), ...botPlantings(world)].map(
    withAscendingIds,
  );

/** A table that gets at least so many rows is filled without its indexes: that locks out readers, but saves much time. */
const minRowsWithoutIndexes = 10_000;

/**
 * Plants a fictional platform with COPY, in one transaction: the same rows for the same size and seed, with times
 * relative to the database's time. The tables' own triggers are off in this transaction, because they would book the
 * history anew. Foreign keys are checked; in large tables all rows are checked at once, at the end. Refuses a database
 * that contains people. `onRows` is called with the number of rows sent so far, and the total.
 */
export async function seedFiction(
  connections: pg.Pool,
  name: SizeName,
  seed: number,
  onRows: (done: number, total: number, table: string) => void = () => {},
): Promise<SeededTable[]> {
  const client = await connections.connect();
  // Without a listener the error of a lost connection would end the process. The statement under way rejects with it.
  client.on('error', () => {});
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ now: Date; taken: boolean }>(
      'SELECT engine.now() AS now, EXISTS (SELECT FROM profiles) AS taken',
    );
    if (rows[0]!.taken) throw new NotEmptyError();
    const all = plantings({ size: sizes[name], now: rows[0]!.now });
    const total = all.reduce((sum, { count }) => sum + count, 0);
    let done = 0;
    for (const [index, planting] of all.entries()) {
      const { table, columns, count } = planting;
      const copy = (into: string) =>
        copyInto(client, into, columns, rowsOf(planting, seed * 1_000 + index), (rows) =>
          onRows((done += rows), total, table),
        );
      if (table.includes('.')) await fillAccounts(client, planting, copy);
      else {
        await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
        if (count < minRowsWithoutIndexes) await copy(table);
        else
          await fillWithoutIndexes(
            client,
            table,
            () => copy(table),
            () => onRows(done, total, `indexes of ${table}`),
          );
        await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
      }
    }
    await client.query('COMMIT');
    // Otherwise PostgreSQL may count these rows seconds later, after ANALYZE, and would take all of them for changed since then.
    await client.query('SELECT pg_stat_force_next_flush()');
    await client.query('ANALYZE');
    return all.map(({ table, count }) => ({ table, rows: count }));
  } finally {
    // Closing the connection rolls back what was not committed.
    client.release(true);
  }
}

/**
 * Fills auth.users by way of a temporary table. Where auth.users belongs to another role, this role may not change its
 * triggers and indexes. COPY would refuse a role to which row level security applies, while INSERT applies the policies. A
 * platform may have a trigger that makes a profile for each account: these profiles are removed again, because the profiles
 * come from a planting of their own.
 */
async function fillAccounts(
  client: pg.PoolClient,
  { table, columns }: Planting,
  copy: (into: string) => Promise<void>,
): Promise<void> {
  const list = columns.join();
  await client.query(
    `CREATE TEMPORARY TABLE aside ON COMMIT DROP AS SELECT ${list} FROM ${table} WITH NO DATA`,
  );
  await copy('aside');
  await client.query(`INSERT INTO ${table} (${list}) SELECT ${list} FROM aside`);
  await client.query('DELETE FROM profiles WHERE id IN (SELECT id FROM aside)');
}

/** The rows of a table, with random numbers of its own, so that a change to one table leaves the others unchanged. */
function* rowsOf({ count, row }: Planting, seed: number): Generator<unknown[]> {
  const chance = new Chance(seed);
  for (let index = 0; index < count; index++) yield row(index, chance);
}
