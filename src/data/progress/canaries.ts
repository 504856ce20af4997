/**
 * Canaries: rows of `engine.canaries` that pass through the steps of a run and are part of no figure. Each part of the engine
 * that a canary has passed records this here; none of these writes changes any other table.
 */
import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import type { EngineCanaries } from '../../database/tables.ts';

export type CanaryRow = Selectable<EngineCanaries>;

/** After this time, the process that asked for a canary no longer waits for it. */
const staleAfter = sql`interval '1 minute'`;
/** If no scheduler removes stale canaries, the next request removes those older than this. */
const forgottenAfter = sql`interval '1 hour'`;

const now = sql<Date>`engine.now()`;

/** Locks engine.canaries by id; rows that others hold are skipped. */
const olderThan = (age: RawBuilder<unknown>) => sql`
        SELECT id FROM engine.canaries WHERE requested_at < engine.now() - ${age} ORDER BY id FOR UPDATE SKIP LOCKED`;

/** Asks for a canary and returns its id. Rejects with the server's error if the role may not write. */
export async function requestCanary(db: Db): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    WITH forgotten AS (
      DELETE FROM engine.canaries WHERE id IN (${olderThan(forgottenAfter)})
    )
    INSERT INTO engine.canaries DEFAULT VALUES RETURNING id`.execute(db);
  return rows[0]!.id;
}

/** The row; undefined once it was removed. */
export const readCanary = (db: Db, id: string): Promise<CanaryRow | undefined> =>
  db.selectFrom('engine.canaries').selectAll().where('id', '=', id).executeTakeFirst();

export async function removeCanary(db: Db, id: string): Promise<void> {
  await db.deleteFrom('engine.canaries').where('id', '=', id).execute();
}

export interface ClaimedCanaries {
  /** ids that this scheduler has claimed and has to queue */
  claimed: string[];
  /** ids of removed stale canaries whose entries may still be in the queue */
  stale: string[];
}

/**
 * Claims the requested canaries and removes stale ones, in one round trip. Several schedulers may do so at once: each
 * canary is claimed by one of them.
 */
export async function claimCanaries(db: Db, scheduler: string): Promise<ClaimedCanaries> {
  const { rows } = await sql<{ id: string; stale: boolean; queued: boolean }>`
    WITH stale AS (
      DELETE FROM engine.canaries WHERE id IN (${olderThan(staleAfter)})
      RETURNING id, queued_at IS NOT NULL AND started_at IS NULL AS queued
    ), wanted AS (
      SELECT id FROM engine.canaries
      WHERE claimed_at IS NULL AND requested_at >= engine.now() - ${staleAfter}
      -- Locks engine.canaries by id; rows that others hold are skipped.
      ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    ), claimed AS (
      UPDATE engine.canaries c SET claimed_at = engine.now(), claimed_by = ${scheduler}
      FROM wanted WHERE c.id = wanted.id RETURNING c.id
    )
    SELECT id, true AS stale, queued FROM stale UNION ALL SELECT id, false, false FROM claimed`.execute(
    db,
  );
  return {
    claimed: rows.filter(({ stale }) => !stale).map(({ id }) => id),
    stale: rows.filter(({ queued }) => queued).map(({ id }) => id),
  };
}

/** Records that its entry is in the queue. */
export async function noteCanaryQueued(db: Db, id: string): Promise<void> {
  await db
    .updateTable('engine.canaries')
    .set({ queued_at: now })
    .where('id', '=', id)
    .where('queued_at', 'is', null)
    .execute();
}

/**
 * Records that a worker has taken its entry. Returns false when the canary was removed or another worker has it: then
 * there is nothing to do.
 */
export async function startCanary(db: Db, id: string, worker: string): Promise<boolean> {
  // A worker may take an entry before the scheduler has recorded that it is in the queue.
  const { rows } = await sql`
    UPDATE engine.canaries
    SET started_at = engine.now(), worker = ${worker}, queued_at = coalesce(queued_at, engine.now())
    WHERE id = ${id} AND started_at IS NULL RETURNING id`.execute(db);
  return rows.length > 0;
}

/** Records that a child process has done its task. */
export async function noteCanaryAnswered(db: Db, id: string): Promise<void> {
  await db
    .updateTable('engine.canaries')
    .set({ answered_at: now })
    .where('id', '=', id)
    .where('answered_at', 'is', null)
    .execute();
}

/** `$1` is the id. No row means that the canary was removed, which is not an error. */
export const recordCanary = sql<{ id: string }>`
  UPDATE engine.canaries SET recorded_at = engine.now() WHERE id = $1::uuid AND recorded_at IS NULL RETURNING id`;

/** Records why the canary did not go on; the first reason stays. */
export async function noteCanaryFailed(db: Db, id: string, error: string): Promise<void> {
  await db
    .updateTable('engine.canaries')
    .set({ error })
    .where('id', '=', id)
    .where('error', 'is', null)
    .execute();
}
