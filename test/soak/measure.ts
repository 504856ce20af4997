/** What is read of a database in a soak: sizes and dead rows of its tables, and what queries cost. */
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { listBots } from '../../src/services/bots/list.ts';
import { makeReport } from '../../src/services/report/make.ts';
import { listRuns } from '../../src/services/runs/list.ts';
import { showStatus } from '../../src/services/status/show.ts';
import { listTickets } from '../../src/services/tickets/list.ts';
import { dayMs } from './time.ts';

export interface TableSize {
  /** with its schema, unless that is public */
  name: string;
  /** of the rows, with what is stored aside of them */
  bytes: number;
  index_bytes: number;
  live: number;
  dead: number;
}

/** Every table of the platform and the engine, the largest first. */
export async function readTables(db: Db): Promise<TableSize[]> {
  const { rows } = await sql<TableSize>`
    SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name,
           pg_table_size(c.oid)::float8 AS bytes, pg_indexes_size(c.oid)::float8 AS index_bytes,
           coalesce(s.n_live_tup, 0)::float8 AS live, coalesce(s.n_dead_tup, 0)::float8 AS dead
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
    WHERE c.relkind = 'r' AND n.nspname IN ('public', 'engine', 'auth') ORDER BY 2 DESC`.execute(
    db,
  );
  return rows;
}

/** Which sequences there are, and what part of their numbers is used. */
export async function readSequences(db: Db): Promise<{ name: string; used: number }[]> {
  const { rows } = await sql<{ name: string; used: number }>`
    SELECT schemaname || '.' || sequencename AS name, coalesce(last_value, 0)::float8 / max_value::float8 AS used
    FROM pg_sequences WHERE schemaname IN ('public', 'engine') ORDER BY 2 DESC, 1`.execute(db);
  return rows;
}

/** WAL that was written so far, and how much of it are images of whole pages. */
export async function readWal(db: Db): Promise<{ bytes: number; images: number }> {
  const { rows } = await sql<{ bytes: number; images: number }>`
    SELECT wal_bytes::float8 AS bytes, wal_fpi::float8 AS images FROM pg_stat_wal`.execute(db);
  return rows[0]!;
}

/** What people and commands ask. */
const queries: Record<string, (db: Db, now: Date) => Promise<unknown>> = {
  status: (db) => showStatus(db),
  'runs list': (db) => listRuns(db, { limit: 20 }),
  'runs list --status failed': (db) => listRuns(db, { status: 'failed', limit: 20 }),
  'bots list': (db) => listBots(db, { limit: 200 }),
  'tickets list': (db) => listTickets(db, { limit: 50 }),
  report: (db, now) =>
    makeReport(
      db,
      [3, 2, 1, 0].map((days) => new Date(+now - days * dayMs)),
    ),
};

export interface QueryCost {
  /** the least of several */
  ms: number;
  /** 8-kB pages that it touched, in memory or not: the same on every machine */
  pages: number;
}

/** `db` has a single connection, of which the server counts the pages. */
export async function readQueries(
  db: Db,
  now: Date,
  times = 5,
): Promise<Record<string, QueryCost>> {
  const costs: Record<string, QueryCost> = {};
  for (const [name, ask] of Object.entries(queries)) {
    await ask(db, now);
    const ms: number[] = [];
    const before = await pagesTouched(db);
    for (let i = 0; i < times; i++) {
      const began = performance.now();
      await ask(db, now);
      ms.push(performance.now() - began);
    }
    const pages = Math.round(((await pagesTouched(db)) - before) / times);
    costs[name] = { ms: Math.round(10 * Math.min(...ms)) / 10, pages };
  }
  return costs;
}

async function pagesTouched(db: Db): Promise<number> {
  await sql`SELECT pg_stat_force_next_flush()`.execute(db);
  const { rows } = await sql<{ pages: number }>`
    SELECT sum(coalesce(hits, 0) + coalesce(reads, 0))::float8 AS pages FROM pg_stat_get_backend_io(pg_backend_pid())`.execute(
    db,
  );
  return rows[0]!.pages;
}
