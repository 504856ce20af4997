/**
 * To print the condition of a policy, PostgreSQL locks its table, and waits for a command that changes that table. While it waits,
 * other commands wait for the tables whose policies it has printed before.
 */
import { sql } from '../../src/bot.ts';
import type { CheckContext } from '../../src/bot.ts';

/** Reads conditions of policies; ends the check where a table that has some is being changed, or is about to be. */
export async function readPolicies<Read>(
  { db, skip }: CheckContext,
  read: () => Promise<Read>,
): Promise<Read> {
  const { rows } = await sql<{ locked: string }>`
    SELECT format('%I.%I', n.nspname, c.relname) AS locked
    FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid <> pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = l.relation) LIMIT 1`.execute(db);
  if (rows[0]) skip(`${rows[0].locked} is being changed; the next run reads its policies`);
  return read().catch((error: { code?: string }) =>
    // A table was locked or dropped after the locks were read.
    ['55P03', 'XX000', '42P01'].includes(error.code ?? '')
      ? skip('a table is being changed; the next run reads its policies')
      : Promise.reject(error),
  );
}
