/** What the engine says about itself: its clock, its processes, its mode. */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../connect.ts';
import type { EngineNodes } from '../tables.ts';

/** A process without a heartbeat for this long counts as gone. */
export const nodeSilenceSeconds = 15;

export interface Node extends Selectable<EngineNodes> {
  alive: boolean;
}

/** The time by which everything is planned; hosts' clocks are not asked. */
export async function currentTime(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  return rows[0]!.now;
}

/** Every process that registered, the ones that went silent included; the newest heartbeat first. */
export const listNodes = (db: Db): Promise<Node[]> =>
  db
    .selectFrom('engine.nodes')
    .selectAll()
    .select(
      sql<boolean>`heartbeat_at > engine.now() - make_interval(secs => ${nodeSilenceSeconds})`.as(
        'alive',
      ),
    )
    .orderBy('heartbeat_at', 'desc')
    .limit(1000)
    .execute();

/** `up` is scheduler and worker in one process. */
export const doesWork = ({ alive, role }: Node): boolean => alive && role !== 'scheduler';
export const doesSchedule = ({ alive, role }: Node): boolean => alive && role !== 'worker';

/** off, safe or auto; null where the setting was removed, which heals nothing. */
export async function currentMode(db: Db): Promise<string | null> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', 'mode')
    .executeTakeFirst();
  return typeof row?.value === 'string' ? row.value : null;
}
