import { sql } from 'kysely';
import type { Db } from '../database/connect.ts';

/** What plants a fault, or its lookalike, by these statements. They are written here, and contain no text from outside. */
export const plantBySql =
  (...statements: string[]) =>
  async (db: Db): Promise<void> => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  };
