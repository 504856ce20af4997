import type { Selectable } from 'kysely';
import { text, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import type { Profiles } from '../../database/tables.ts';

export type Profile = Selectable<Profiles>;

/**
 * The profile of an address (255 characters at most), undefined without one. Case: an address is found
 * as it is written, else in lower case, which is how Supabase's sign-up stores it. So `Ann@Mail.test`
 * finds `ann@mail.test`, while a row that was stored as `Ann@Mail.test` is found by that spelling only:
 * the UNIQUE of the schema tells them apart. Throws BadInputError.
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

/** Undefined where there is none or, under row level security, where it is not yours. Throws BadInputError. */
export const profileById = async (db: Db, id: string): Promise<Profile | undefined> =>
  db.selectFrom('profiles').selectAll().where('id', '=', uuid('id', id)).executeTakeFirst();
