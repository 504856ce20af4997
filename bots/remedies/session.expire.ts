/** Deletes sessions that have expired, the oldest first. */
import { defineRemedy, sql, z } from '../../src/bot.ts';
import type { RemedyContext } from '../../src/bot.ts';
import { counted } from '../parts/in-words.ts';

const params = z.strictObject({ limit: z.int().min(1).max(1_000_000).default(10_000) });

const batchSize = 1000;

async function countExpired({ db, now }: RemedyContext): Promise<number> {
  const { rows } = await sql<{ expired: number }>`
    SELECT count(*)::int AS expired FROM user_sessions WHERE expires_at <= ${now}`.execute(db);
  return rows[0]?.expired ?? 0;
}

export const expireSessions = defineRemedy({
  name: 'session.expire',
  title: 'Delete expired sessions',
  risk: 'safe',
  params,
  async isDone(_params, context) {
    return (await countExpired(context)) === 0;
  },
  async apply({ limit }, context) {
    const { db, now, signal } = context;
    const before = await countExpired(context);
    let deleted = 0;
    for (let batch = batchSize; batch === batchSize && deleted < limit;) {
      signal.throwIfAborted();
      // Locks user_sessions, the oldest first. Rows that other transactions have locked are skipped: those prolong or delete them.
      const { rows } = await sql`
        WITH batch AS MATERIALIZED (
          SELECT id FROM user_sessions WHERE expires_at <= ${now}
          ORDER BY expires_at, id LIMIT ${Math.min(batchSize, limit - deleted)}
          FOR UPDATE SKIP LOCKED
        )
        DELETE FROM user_sessions s USING batch WHERE s.id = batch.id RETURNING s.id`.execute(db);
      batch = rows.length;
      deleted += batch;
    }
    return {
      summary: `deleted ${counted(deleted, 'expired session')}`,
      before: { expired: before },
      after: { expired: await countExpired(context), deleted },
    };
  },
});
