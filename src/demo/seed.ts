import type pg from 'pg';
import { RoundsmanError } from '../ground/errors.ts';
import { copyInto } from '../database/copy.ts';
import { fillBare } from './bare-table.ts';
import { botPlantings } from './bot-plantings.ts';
import { Chance } from './chance.ts';
import { peoplePlantings } from './people-plantings.ts';
import { platformPlantings } from './platform-plantings.ts';
import { withIds, type Planting, type World } from './planting.ts';
import { sizes, type SizeName } from './sizes.ts';

/** The database holds people already, and the fictional platform is planted into an empty one only. */
export class NotEmptyError extends RoundsmanError {
  constructor() {
    super({
      what: 'nothing was seeded',
      why: 'this database already holds people, and fictional ones must not mix with them',
      hint: 'seed a database of its own: set DATABASE_URL, or ROUNDSMAN_HOME for another embedded one',
    });
  }
}

export interface Seeded {
  table: string;
  rows: number;
}

/** All plantings, in an order in which the rows that a row refers to come first. */
export const plantings = (world: World): Planting[] =>
  [...peoplePlantings(world), ...platformPlantings(world), ...botPlantings(world)].map(withIds);

/** From this many rows on, dropping the indexes saves enough time to lock out other readers meanwhile. */
const many = 10_000;

/**
 * Plants a fictional platform with COPY, in one transaction: the same rows for the same size and seed, with times
 * relative to the database's. The tables' guards are off in this transaction, because history is written as it was
 * and not booked anew. Foreign keys hold; in large tables one check of all rows at the end ensures that. Refuses a
 * database that holds people. `onRows` is called with the number of rows sent so far, and the total.
 */
export async function seedFiction(
  connections: pg.Pool,
  name: SizeName,
  seed: number,
  onRows: (done: number, total: number, table: string) => void = () => {},
): Promise<Seeded[]> {
  const client = await connections.connect();
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
      if (table.includes('.')) await aside(client, planting, copy);
      else {
        await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
        if (count < many) await copy(table);
        else
          await fillBare(
            client,
            table,
            () => copy(table),
            () => onRows(done, total, `indexes of ${table}`),
          );
        await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
      }
    }
    await client.query('COMMIT');
    await client.query('ANALYZE');
    return all.map(({ table, count }) => ({ table, rows: count }));
  } finally {
    // Closing its connection rolls back what was not committed.
    client.release(true);
  }
}

/**
 * For auth.users, which may belong to another role. This role may not change its triggers and indexes. COPY refuses a
 * role to which row level security applies, while INSERT applies the policies.
 */
async function aside(
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
}

/** Each table has random numbers of its own, so that a change to one table leaves the others unchanged. */
function* rowsOf({ count, row }: Planting, seed: number): Generator<unknown[]> {
  const chance = new Chance(seed);
  for (let index = 0; index < count; index++) yield row(index, chance);
}
