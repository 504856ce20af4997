/** Users of the fictional platform, for the faults of all bots. */
import type { Insertable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { Profiles } from '../../database/tables.ts';
import { addAccounts } from '../accounts.ts';
import { nextId } from './ids.ts';

/** Adds users with their profiles, and returns their ids. */
export async function addUsers(
  db: Db,
  count: number,
  values: Partial<Insertable<Profiles>> = {},
): Promise<string[]> {
  const accounts = Array.from({ length: count }, () => {
    const id = nextId();
    return { id, email: `${id}@moonfold.test` };
  });
  await addAccounts(db, accounts);
  await db
    .insertInto('profiles')
    .values(accounts.map((account) => ({ ...account, ...values })))
    .execute();
  return accounts.map(({ id }) => id);
}

export async function addUser(db: Db, values: Partial<Insertable<Profiles>> = {}): Promise<string> {
  const [id] = await addUsers(db, 1, values);
  return id!;
}
