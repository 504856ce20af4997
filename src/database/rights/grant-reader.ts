/** Lets checks read what was made after the last migration. */
import { sql, type Transaction } from 'kysely';
import type { Database } from '../connect.ts';

/** A policy needs its table for itself: users wait no longer than this. The next call tries again. */
const longestWait = '500ms';

/** Of tables and sequences that this login owns. Throws if a table is in use for too long. */
export async function letChecksRead(trx: Transaction<Database>): Promise<void> {
  await sql`SELECT set_config('lock_timeout', ${longestWait}, true)`.execute(trx);
  await sql`SELECT engine.let_checks_read()`.execute(trx);
}
