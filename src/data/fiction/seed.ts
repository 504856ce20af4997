import type pg from 'pg';
import { RoundsmanError } from '../../errors.ts';
import { copyInto } from '../copy.ts';
import { botPlantings } from './bot-plantings.ts';
import { Chance } from './chance.ts';
import { peoplePlantings } from './people-plantings.ts';
import { platformPlantings } from './platform-plantings.ts';
import type { Planting, World } from './planting.ts';
import { sizes, type SizeName } from './sizes.ts';

/** There are people in this database already. */
export class NotEmptyError extends RoundsmanError {}

export interface Seeded {
  table: string;
  rows: number;
}

/** All plantings in an order in which every row finds what it refers to. */
export const plantings = (world: World): Planting[] => [
  ...peoplePlantings(world),
  ...platformPlantings(world),
  ...botPlantings(world),
];

/**
 * Plants a fictional platform through COPY, in one transaction: the same rows for the same size and
 * seed, their times relative to the database's. Guards of the tables are off for this transaction,
 * because history is written as it was and not booked anew; foreign keys hold.
 * Refuses a database with people in it. `onRows` hears how many rows have gone so far, of how many.
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
    if (rows[0]!.taken)
      throw new NotEmptyError({
        what: 'nothing was seeded',
        why: 'there are people in this database already, and fiction must not mix with them',
        hint: 'seed a database of its own: set DATABASE_URL, or ROUNDSMAN_HOME for another embedded one',
      });
    const all = plantings({ size: sizes[name], now: rows[0]!.now });
    const total = all.reduce((sum, { count }) => sum + count, 0);
    let done = 0;
    for (const [index, planting] of all.entries()) {
      const { table, columns } = planting;
      // auth.users may belong to another role, and has no guard of ours.
      const guarded = !table.includes('.');
      if (guarded) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      await copyInto(client, table, columns, rowsOf(planting, seed * 1_000 + index), (count) => {
        done += count;
        onRows(done, total, table);
      });
      if (guarded) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
    }
    await client.query('COMMIT');
    await client.query('ANALYZE');
    return all.map(({ table, count }) => ({ table, rows: count }));
  } finally {
    // The end of its connection rolls back what was not committed.
    client.release(true);
  }
}

/** Each table has a chance of its own, so that a change to one leaves the others as they were. */
function* rowsOf({ count, row }: Planting, seed: number): Generator<unknown[]> {
  const chance = new Chance(seed);
  for (let index = 0; index < count; index++) yield row(index, chance);
}
