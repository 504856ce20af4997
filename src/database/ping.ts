import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** Rejects when the database does not answer. */
export const ping = async (db: Db): Promise<void> => void (await sql`SELECT 1`.execute(db));
