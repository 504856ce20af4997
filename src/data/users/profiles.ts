import type { Selectable } from 'kysely';
import { text, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import type { Profiles } from '../../database/tables.ts';

export type Profile = Selectable<Profiles>;

/**
 * The profile with this address (255 characters at most), or undefined. Upper and lower case: the address is looked
 * up as it is written, then in lower case, in which Supabase's sign-up stores it. So `Ann@Mail.test` finds
 * `ann@mail.test`. But a row that was stored as `Ann@Mail.test` is found only by that spelling: for the schema's
 * UNIQUE the two are different. Throws BadInputError.
 */
export async function profileByEmail(db: Db, email: string): Promise<Profile | undefined> {
  const written = text('email', email, 255);
  const found = await db
    .selectFrom('profiles')
    .selectAll()
    .where('email', 'in', [written, written.toLowerCase()])
    .execute();
  return found.find((profile) => profile.email === written) ?? found[0];
}

/** The profile with this id; undefined if it does not exist or, under row level security, is not yours. Throws BadInputError. */
export const profileById = async (db: Db, id: string): Promise<Profile | undefined> =>
  db.selectFrom('profiles').selectAll().where('id', '=', uuid('id', id)).executeTakeFirst();
