/**
 * Finds in which order a transaction locks rows: another transaction holds each row of the scene in turn, and the rows that the
 * first one holds when it waits for that row come before it.
 */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { carryOut, heldRows, untilItWaits, type Lane, type Path } from './interleave.ts';
import type { Transactions } from './given.ts';

interface OrderStep {
  tables: string[];
  /**
   * the column by which rows of the table are locked in order; null where a locked memory or bot keeps other transactions away from
   * them
   */
  key: string | null;
  /** for engine.settings: only rows with this key */
  only?: string;
}

/** The order of docs/protocol.md. */
export const order: OrderStep[] = [
  { tables: ['engine.jobs'], key: 'name' },
  { tables: ['engine.job_runs'], key: 'id' },
  { tables: ['bot_executions'], key: 'id' },
  { tables: ['engine.settings'], key: null },
  { tables: ['bots'], key: 'id' },
  { tables: ['bot_finding_states'], key: 'fingerprint' },
  {
    tables: [
      'bot_findings',
      'bot_actions',
      'bot_decisions',
      'bot_tickets',
      'bot_silences',
      'bot_maintenance',
      'engine.check_memories',
    ],
    key: null,
  },
  { tables: ['bot_notifications'], key: 'id' },
  { tables: ['engine.channels'], key: 'name' },
  { tables: ['engine.cancellations'], key: 'execution_id' },
  { tables: ['bot_knowledge'], key: 'id' },
  { tables: ['bot_knowledge_autonomy'], key: 'component' },
  { tables: ['engine.settings'], key: null, only: 'knowledge_version' },
  { tables: ['engine.error_cursor'], key: null },
  { tables: ['engine.sources'], key: 'bot_id' },
  { tables: ['engine.remote_reports'], key: 'request_id' },
];

const rankOf = ({ table, key }: Row): number =>
  order.findLastIndex(({ tables, only }) => tables.includes(table) && (!only || only === key));

interface Row {
  table: string;
  ctid: string;
  key: string;
}

const rowOf = (lock: string): { table: string; ctid: string; level: number } => {
  const [table, ctid, level] = lock.split(' ');
  return { table: table!, ctid: ctid!, level: Number(level) };
};

export interface Wait {
  row: Row;
  /** the rows that the transaction holds at that time, without the weaker locks on rows that new rows refer to */
  held: Row[];
}

/** The rows for which the transaction waits when another transaction changes them. */
export async function waitsOf(
  lane: Lane,
  holder: Db,
  transactions: Transactions,
  name: string,
  { stops }: Path,
  keys: Map<string, string>,
): Promise<Wait[]> {
  const named = (lock: string): Row => {
    const { table, ctid } = rowOf(lock);
    return { table, ctid, key: keys.get(`${table} ${ctid}`) ?? '' };
  };
  const all = new Map(
    [...(stops.at(-1)?.held ?? [])].map((lock) => [
      `${rowOf(lock).table} ${rowOf(lock).ctid}`,
      named(lock),
    ]),
  );
  const waits: Wait[] = [];
  for (const row of all.values()) {
    let end: Promise<unknown> = Promise.resolve();
    await holder.transaction().execute(async (trx) => {
      await sql`SELECT FROM ${sql.table(row.table)} WHERE ctid = ${row.ctid}::tid FOR NO KEY UPDATE`.execute(
        trx,
      );
      lane.first.stopBefore(null);
      end = carryOut(transactions, name, lane.first);
      if ((await untilItWaits(lane.watch, lane.first, end)) !== 'waits') return;
      const locks = [...(await heldRows(lane.watch))].filter((lock) => rowOf(lock).level === 2);
      const held = locks
        .map(named)
        .filter((other) => other.table !== row.table || other.ctid !== row.ctid);
      waits.push({ row, held });
    });
    await end;
    lane.first.states.length = 0;
  }
  return waits;
}

/** The key of each row, by table and place. */
export async function keysOf(db: Db): Promise<Map<string, string>> {
  const parts = order
    .filter(({ only }) => !only)
    .flatMap(({ tables, key }) =>
      tables.map(
        (table) =>
          sql`SELECT ${`${table} `} || ctid::text AS row, ${tables.includes('engine.settings') ? sql`key` : key === null ? sql`''` : sql`${sql.ref(key)}::text`} AS key FROM ${sql.table(table)}`,
      ),
    );
  const { rows } = await sql<{
    row: string;
    key: string;
  }>`${sql.join(parts, sql` UNION ALL `)}`.execute(db);
  return new Map(rows.map(({ row, key }) => [row, key]));
}

/** The rows that the transaction holds although they come after the row for which it waits. */
export const outOfOrder = ({ row, held }: Wait): string[] =>
  held
    .filter((other) => {
      const [mine, its] = [rankOf(row), rankOf(other)];
      return its > mine || (its === mine && order[mine]!.key !== null && other.key > row.key);
    })
    .map((other) => `${other.table} ${other.key} before ${row.table} ${row.key}`);

/** The tables for whose rows the transaction waits, each once, in the order in which it waits for them. */
export function tablesOf(waits: Wait[]): string[] {
  const sorted = waits.toSorted(
    (a, b) => a.held.length - b.held.length || rankOf(a.row) - rankOf(b.row),
  );
  return [...new Set(sorted.map(({ row }) => row.table))];
}
