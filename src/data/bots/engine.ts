/** The engine's own state: its clock, its processes, its mode. */
import { sql, type Selectable } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { nodeTimeoutSeconds } from '../../database/node-timeout.ts';
import type { EngineNodes } from '../../database/tables.ts';

export { nodeTimeoutSeconds };

export interface Node extends Selectable<EngineNodes> {
  alive: boolean;
}

/** The database's time, by which everything is planned. The clocks of hosts do not count. */
export async function currentTime(db: Db): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT engine.now() AS now`.execute(db);
  return rows[0]!.now;
}

/** The names of the catalogue's bots that a living process knows. */
export async function namesKnown(db: Db): Promise<Set<string>> {
  const { rows } = await sql<{ name: string }>`
    SELECT DISTINCT unnest(n.bots) AS name FROM engine.nodes n
    WHERE n.heartbeat_at > engine.now() - make_interval(secs => ${nodeTimeoutSeconds})`.execute(db);
  return new Set(rows.map(({ name }) => name));
}

/** Every process that registered, also those whose heartbeat has stopped; the newest heartbeat first. */
export const listNodes = (db: Db): Promise<Node[]> =>
  db
    .selectFrom('engine.nodes')
    .selectAll()
    .select(
      sql<boolean>`heartbeat_at > engine.now() - make_interval(secs => ${nodeTimeoutSeconds})`.as(
        'alive',
      ),
    )
    .orderBy('heartbeat_at', 'desc')
    .limit(1000)
    .execute();

/** `up` is scheduler and worker in one process. */
export const doesWork = ({ alive, role }: Node): boolean => alive && role !== 'scheduler';
export const doesSchedule = ({ alive, role }: Node): boolean => alive && role !== 'worker';

/** off: nothing is healed; safe: only safe remedies act without a person; auto: all that have earned it. */
export const modes = ['off', 'safe', 'auto'] as const;
export type Mode = (typeof modes)[number];

/** The mode as it is set; null if the setting was removed: then nothing is healed. */
export async function currentMode(db: Db): Promise<string | null> {
  const row = await db
    .selectFrom('engine.settings')
    .select('value')
    .where('key', '=', 'mode')
    .executeTakeFirst();
  return typeof row?.value === 'string' ? row.value : null;
}

/** Whether remedies may act: an unknown mode counts as off. */
export const healsIn = (mode: string | null): boolean => mode === 'safe' || mode === 'auto';

/** The mode, and who set it, when and why. */
export interface ModeInForce {
  /** null if the setting was removed; it may also be an unknown text: in both cases nothing is healed */
  mode: string | null;
  /** null until a person changes it */
  changed_by: string | null;
  changed_at: Date | null;
  reason: string | null;
}

interface Change {
  mode: string;
  before: string | null;
  by: string;
  at: string;
  reason: string | null;
}

/**
 * The present mode, with who set it, when and why; a mode that was not set through {@link changeMode} has no reason.
 */
export async function readMode(db: Db): Promise<ModeInForce> {
  const rows = await db
    .selectFrom('engine.settings')
    .selectAll()
    .where('key', 'in', ['mode', 'mode_changes'])
    .execute();
  const row = rows.find(({ key }) => key === 'mode');
  const mode = typeof row?.value === 'string' ? row.value : null;
  const [last] = changesIn(rows.find(({ key }) => key === 'mode_changes')?.value);
  const known = last && last.mode === mode && row?.changed_at.toISOString() === last.at;
  return {
    mode,
    changed_by: row?.changed_by ?? null,
    changed_at: row?.changed_by ? row.changed_at : null,
    reason: known ? last.reason : null,
  };
}

const changesIn = (value: unknown): Change[] => (Array.isArray(value) ? (value as Change[]) : []);

/** The number of mode changes that are kept, the newest first, in the setting `mode_changes`. */
const maxChanges = 100;

/**
 * Sets the mode, and records who did it and why. Gates read the mode before every effect. Returns false when it is
 * set already: then nothing changes.
 */
export const changeMode = (
  db: Db,
  mode: Mode,
  { by, reason }: { by: string; reason: string | null },
): Promise<boolean> =>
  inTransaction(db, async (trx) => {
    await trx
      .insertInto('engine.settings')
      .values({ key: 'mode_changes', value: '[]' })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .execute();
    // A command that changes the mode locks this row; the gates read another row and do not wait.
    const { value } = await trx
      .selectFrom('engine.settings')
      .select('value')
      .where('key', '=', 'mode_changes')
      .forUpdate()
      .executeTakeFirstOrThrow();
    const before = await currentMode(trx);
    if (before === mode) return false;
    const at = await currentTime(trx);
    const changed = { value: JSON.stringify(mode), changed_at: at, changed_by: by };
    await trx
      .insertInto('engine.settings')
      .values({ key: 'mode', ...changed })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(changed))
      .execute();
    const change: Change = { mode, before, by, at: at.toISOString(), reason };
    const changes = [change, ...changesIn(value)].slice(0, maxChanges);
    await trx
      .updateTable('engine.settings')
      .set({ value: JSON.stringify(changes), changed_at: at, changed_by: by })
      .where('key', '=', 'mode_changes')
      .execute();
    return true;
  });

/** The number of heals whose effect has begun and is not recorded yet, in runs that are still running. */
export async function countHealsUnderWay(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('bot_actions as a')
    .innerJoin('bot_executions as e', 'e.id', 'a.execution_id')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('a.state', '=', 'intent')
    .where('e.status', '=', 'running')
    .executeTakeFirstOrThrow();
  return count;
}
