/** Heals that were not applied because of a secret: it was not stored, could not be opened, or did not fit. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/**
 * How old such a heal may be: an entry that was corrected and not needed since must not be reported for ever.
 */
export const maxAgeMinutes = 60;

export interface HealsWithoutSecret {
  /** heals of these entries in that time */
  count: number;
  /** when the newest of them was aborted; null when there is none */
  latest: Date | null;
  /** enabled entries without a newer heal that got further, the newest first */
  entries: { name: string; error_message: string | null }[];
}

/** Enabled entries whose newest heals, within {@link maxAgeMinutes}, were aborted because of a secret. */
export async function healsWithoutSecret(db: Db): Promise<HealsWithoutSecret> {
  const { rows } = await sql<{ name: string; error: string | null; count: number; latest: Date }>`
    SELECT k.name, count(DISTINCT a.heal_id)::int AS count, max(a.taken_at) AS latest,
           (array_agg(a.error_message ORDER BY a.taken_at DESC))[1] AS error
    FROM bot_actions a JOIN bot_knowledge k ON k.id = a.knowledge_id
    WHERE a.taken_at > engine.now() - make_interval(mins => ${sql.lit(maxAgeMinutes)})
      AND a.state = 'aborted' AND a.evidence ->> 'fault' = 'secret' AND k.enabled
      -- A step before the one that names the secret may have been applied.
      AND NOT EXISTS (SELECT FROM bot_actions newer WHERE newer.knowledge_id = a.knowledge_id
        AND newer.taken_at > a.taken_at AND newer.heal_id <> a.heal_id AND newer.applied_at IS NOT NULL AND newer.step >= a.step)
    GROUP BY k.id, k.name ORDER BY latest DESC, k.name`.execute(db);
  return {
    count: rows.reduce((sum, { count }) => sum + count, 0),
    latest: rows[0]?.latest ?? null,
    entries: rows.map(({ name, error }) => ({ name, error_message: error })),
  };
}
