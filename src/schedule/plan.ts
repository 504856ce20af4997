import { sql, type RawBuilder } from 'kysely';
import { BadDefinitionError, type Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import { fitting } from '../ground/text.ts';
import { BadScheduleError, nextSlot } from './cron.ts';
import { inspectDefinition } from './definition.ts';

/** Bots looked at in one go; the next tick takes the rest. */
const batch = 1_000;

/** Later ones have no text that PostgreSQL reads. */
const lastTime = new Date('9999-12-31T23:59:59.999Z');

export interface Planned {
  planned: number;
  refused: { name: string; reason: string }[];
  /** bots that could not be looked at: an error of the engine's own says nothing about them */
  failed: { name: string; error: unknown }[];
}

/**
 * Looks at active bots whose definition is new or was edited. One that can run gets its next slot and
 * may be claimed; one that cannot is set to `error` with the field and the reason, and the others go on. Only what
 * says that the definition is bad does so: after any other error the bot stays as it is, for the next tick.
 * That is the first slot since the edit, also when it is past by now: the claim's catch-up decides. A slot
 * that was due before the edit is kept: it is claimed with what now follows it.
 */
export async function planBots(db: Db, catalogue: Catalogue): Promise<Planned> {
  const rows = await db
    .selectFrom('bots')
    .select(['id', 'name', 'schedule_cron', 'timezone', 'api_endpoint', 'config'])
    .select(['definition_version', 'next_slot_at', 'planned_from'])
    .where('status', '=', 'active')
    .where((where) =>
      where.or([
        where('checked_version', '<>', where.ref('definition_version')),
        where('next_slot_at', 'is', null),
        where('next_execution_at', 'is', null),
      ]),
    )
    .orderBy('id')
    .limit(batch)
    .execute();

  const fit: { id: string; version: number; slot: Date; following: Date }[] = [];
  const refused: { id: string; version: number; name: string; reason: string }[] = [];
  const failed: Planned['failed'] = [];
  for (const row of rows) {
    try {
      const schedule = inspectDefinition(row, catalogue);
      const slot = row.next_slot_at ?? nextSlot(schedule, row.planned_from);
      const following = nextSlot(schedule, slot);
      // One that cannot be written down would keep all the others from being planned.
      if (following > lastTime)
        throw new BadDefinitionError(
          'next_slot_at',
          'what follows it is no time any more',
          'give the bot a schedule, which plans it anew',
        );
      fit.push({ id: row.id, version: row.definition_version, slot, following });
    } catch (error) {
      if (!(error instanceof BadScheduleError || error instanceof BadDefinitionError)) {
        failed.push({ name: row.name, error });
        continue;
      }
      // A message may quote half a character, which would make the update of all of them fail.
      const reason = fitting(error.why, 2_000);
      refused.push({ id: row.id, version: row.definition_version, name: row.name, reason });
    }
  }
  const planned = fit.length > 0 ? await writeSlots(db, fit) : [];
  const stopped = new Set(refused.length > 0 ? await refuse(db, refused) : []);
  return {
    planned: planned.length,
    refused: refused
      .filter(({ id }) => stopped.has(id))
      .map(({ name, reason }) => ({ name, reason })),
    failed,
  };
}

/** Locks bots by id; rows that others hold are skipped: they are looked at in the next tick. */
const freeOf = (rows: { id: string }[]) => sql`
        SELECT l.id FROM bots l WHERE l.id = ANY (${rows.map(({ id }) => id)}::uuid[]) AND l.status = 'active'
        ORDER BY l.id FOR NO KEY UPDATE SKIP LOCKED`;

// The version is compared again: a bot that was edited meanwhile is looked at in the next tick.
const writeSlots = (db: Db, fit: { id: string }[]): Promise<string[]> =>
  idsOf(
    db,
    sql`
    UPDATE bots b
    SET checked_version = f.version,
        next_slot_at = coalesce(b.next_slot_at, f.slot),
        next_execution_at = CASE WHEN b.next_slot_at IS NOT NULL AND b.next_execution_at IS NOT NULL
          THEN b.next_execution_at
          ELSE coalesce(b.next_slot_at, f.slot) + make_interval(secs =>
            engine.jitter_ms(b.id, coalesce(b.next_slot_at, f.slot), b.jitter_seconds,
              (extract(epoch FROM f.following - f.slot) * 1000)::bigint) / 1000.0) END
    FROM jsonb_to_recordset(${JSON.stringify(fit)}::jsonb)
      AS f (id uuid, version int, slot timestamptz, following timestamptz)
    WHERE b.id = f.id AND b.definition_version = f.version AND b.status = 'active'
      AND b.id IN (${freeOf(fit)})
    RETURNING b.id`,
  );

const refuse = (db: Db, refused: { id: string }[]): Promise<string[]> =>
  idsOf(
    db,
    sql`
    UPDATE bots b SET status = 'error', status_reason = r.reason
    FROM jsonb_to_recordset(${JSON.stringify(refused)}::jsonb) AS r (id uuid, version int, reason text)
    WHERE b.id = r.id AND b.definition_version = r.version AND b.status = 'active'
      AND b.id IN (${freeOf(refused)})
    RETURNING b.id`,
  );

const idsOf = async (db: Db, query: RawBuilder<unknown>): Promise<string[]> =>
  (await query.execute(db)).rows.map((row) => (row as { id: string }).id);
