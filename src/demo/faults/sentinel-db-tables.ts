/** Faults of tables and their indexes that PostgreSQL's own statistics and catalogue show. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { day } from '../time.ts';
import { plantMemory } from './catalogue-bot.ts';
import type { Fault } from './fault.ts';
import { plantBySql } from '../plant-by-sql.ts';

/** In one transaction, at whose end PostgreSQL counts its rows at once, and not up to ten seconds later. */
const plantCounted =
  (...statements: string[]) =>
  (db: Db): Promise<void> =>
    inTransaction(db, (trx) => plantBySql(...statements, 'SELECT pg_stat_force_next_flush()')(trx));

/** Autovacuum leaves such a table's dead rows, and still has its rows counted. */
const keepsDeadRows =
  'WITH (autovacuum_vacuum_threshold = 2000000000, autovacuum_vacuum_insert_threshold = -1)';

/** Nothing has the rows of such a table counted. */
const isNotCounted = 'WITH (autovacuum_enabled = off)';

/** 60,000 rows, and an index whose pages are filled to a tenth: it has more than 10 MB. */
const largeIndex = (table: string) => [
  `CREATE TABLE public.${table} AS SELECT n AS id FROM generate_series(1, 60000) n`,
  `CREATE INDEX ${table}_id ON public.${table} (id) WITH (fillfactor = 10)`,
];

/** Has the check remember that the index was unused `days` ago, by statistics that have counted for 50 days. */
async function rememberUnused(db: Db, now: Date, index: string, days: number): Promise<void> {
  const today = Math.floor(now.getTime() / day);
  const { rows } = await sql<{ oid: string; reset: string | null }>`
    SELECT to_regclass(${index})::oid::text AS oid, stats_reset::text AS reset FROM pg_stat_database WHERE datname = current_database()`.execute(
    db,
  );
  const { oid, reset } = rows[0]!;
  await plantMemory(
    db,
    { bot: 'sentinel-db', check: 'unused-indexes' },
    { since: today - 50, reset, commits: 0, unused: { [oid]: today - days } },
  );
}

export const sentinelDbTableFaults: Fault[] = [
  {
    name: 'sentinel-db.dead-rows',
    title: 'Half of the rows of a table are dead, and no VACUUM removes them',
    plant: plantCounted(
      `CREATE TABLE public.planted_visits (id integer) ${keepsDeadRows}`,
      'INSERT INTO public.planted_visits SELECT generate_series(1, 24000)',
      'DELETE FROM public.planted_visits WHERE id <= 12000',
    ),
    lookalike: plantCounted(
      // As many dead rows among many more, and a small table that was emptied.
      `CREATE TABLE public.planted_orders_of_year (id integer) ${keepsDeadRows}`,
      'INSERT INTO public.planted_orders_of_year SELECT generate_series(1, 120000)',
      'DELETE FROM public.planted_orders_of_year WHERE id <= 12000',
      `CREATE TABLE public.planted_basket (id integer) ${keepsDeadRows}`,
      'INSERT INTO public.planted_basket SELECT generate_series(1, 9000)',
      'DELETE FROM public.planted_basket',
    ),
  },
  {
    name: 'sentinel-db.stale-statistics',
    title: 'A table was filled after its rows had been counted for the planner',
    plant: plantCounted(
      `CREATE TABLE public.planted_imports (id integer) ${isNotCounted}`,
      'ANALYZE public.planted_imports',
      'INSERT INTO public.planted_imports SELECT generate_series(1, 20000)',
    ),
    async lookalike(db) {
      await plantCounted(
        `CREATE TABLE public.planted_stock (id integer, amount integer DEFAULT 0) ${isNotCounted}`,
        'INSERT INTO public.planted_stock SELECT generate_series(1, 150000)',
      )(db);
      // As many changes as in the fault, of which each is a small part of the rows.
      await plantCounted(
        'ANALYZE public.planted_stock',
        'UPDATE public.planted_stock SET amount = 1 WHERE id <= 20000',
      )(db);
    },
  },
  {
    name: 'sentinel-db.invalid-indexes',
    title: 'CREATE UNIQUE INDEX CONCURRENTLY failed, because two rows are the same',
    plant: plantBySql(
      'CREATE TABLE public.planted_twins (email text)',
      "INSERT INTO public.planted_twins VALUES ('wren@moonfold.test'), ('wren@moonfold.test')",
    ),
    async afterCommit(db) {
      await sql`CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS planted_twins_email ON public.planted_twins (email)`
        .execute(db)
        .catch(ignoreDuplicate);
    },
    lookalike: plantBySql(
      'CREATE TABLE public.planted_singles (email text)',
      "INSERT INTO public.planted_singles VALUES ('wren@moonfold.test'), ('lark@moonfold.test')",
      'CREATE UNIQUE INDEX CONCURRENTLY planted_singles_email ON public.planted_singles (email)',
    ),
  },
  {
    name: 'sentinel-db.unused-indexes',
    title: 'No statement has used an index of more than 10 MB for forty days',
    async plant(db, now) {
      await plantBySql(...largeIndex('planted_unused'))(db);
      await rememberUnused(db, now, 'public.planted_unused_id', 40);
    },
    async lookalike(db, now) {
      // A new one, and one whose rows it keeps unique.
      await plantBySql(
        ...largeIndex('planted_young'),
        'CREATE TABLE public.planted_unique AS SELECT n AS id FROM generate_series(1, 60000) n',
        'CREATE UNIQUE INDEX planted_unique_id ON public.planted_unique (id) WITH (fillfactor = 10)',
      )(db);
      await rememberUnused(db, now, 'public.planted_young_id', 20);
    },
  },
];

/** The failure that is the fault: `unique_violation`. */
function ignoreDuplicate(error: { code?: string }): void {
  if (error.code !== '23505') throw error;
}
