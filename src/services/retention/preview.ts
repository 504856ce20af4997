/** What the job `retention` would remove now, by table, and why other old rows stay. Reads only. */
import { sql } from 'kysely';
import { Chain, type HeldRow } from '../../data/retention/chain.ts';
import { whyUnjudged } from '../../data/retention/columns.ts';
import { countOld, countTimeless, sizeOf, type OldRows } from '../../data/retention/count-old.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Position } from '../../data/retention/remove-batch.ts';
import { whyClockUnsure } from '../../data/retention/clock.ts';
import { withForeignReasons } from '../../data/retention/referring.ts';
import { cutoffOf, isLog, type RetainedTable } from '../../data/retention/retained-table.ts';
import { retainedTables } from '../../data/retention/tables/index.ts';
import { daysToCheck } from '../../data/rollups/before-removal.ts';
import type { Db } from '../../database/connect.ts';
import { messageOf } from '../../ground/errors.ts';
import { hasPlatform } from '../../database/migrate/extent.ts';
import { isOfTable } from './faults.ts';
import { daysFor, notRolledUp, readPlan, unreadable, whyNothing } from './plan.ts';

export interface TablePreview {
  table: string;
  /** the setting with its age; null: it cannot be set */
  setting: string | null;
  /** null: its rows are kept for ever */
  keep_days: number | null;
  /** how many would go now, those included that stay only for others which go in the same run */
  rows: number;
  /** the time of the oldest of these; null where there is none, or where rows have no time of their own */
  oldest: Date | null;
  /** about how many bytes these have, their indexes included: by the mean of the table */
  bytes: number;
  /** other old rows, by why they stay */
  stays: { why: string; rows: number }[];
  /** why it is not known what would go: a column is another one, the setting cannot be read; null where it is known */
  why_not: string | null;
}

export interface RetentionPreview {
  tables: TablePreview[];
  /** why a run would remove nothing at all; null where it would */
  waits: string | null;
}

/** How many rows one statement counts. */
const rowsAtOnce = 10_000;

export async function previewRetention(db: Db): Promise<RetentionPreview> {
  const plan = await readPlan(db);
  const platform = await hasPlatform(db);
  const tables: TablePreview[] = [];
  const chain = new Chain(retainedTables);
  for (const table of retainedTables) {
    if (table.isPlatforms && !platform) continue;
    const days = daysFor(table, plan);
    tables.push({
      table: table.table,
      setting: typeof table.age === 'string' ? table.age : null,
      keep_days: typeof days === 'number' ? days : null,
      rows: 0,
      oldest: null,
      bytes: 0,
      stays: [],
      why_not: null,
      ...(days === 'unfit' && { why_not: unreadable(table.age) }),
      ...(typeof days === 'number' && (await previewOrWhyNot(db, table, days, chain))),
    });
  }
  const waits = (await whyNothing(db, plan, await currentTime(db))) ?? (await whyClockUnsure(db));
  return { tables, waits };
}

/** A table that cannot be judged keeps no other one from it. */
async function previewOrWhyNot(
  db: Db,
  table: RetainedTable,
  days: number,
  chain: Chain,
): Promise<Partial<TablePreview>> {
  const why = await whyUnjudged(db, table);
  if (why !== null) return { why_not: why };
  try {
    return await previewOf(db, await withForeignReasons(db, table), days, chain);
  } catch (error) {
    if (!isOfTable(error)) throw error;
    return { why_not: messageOf(error) };
  }
}

async function previewOf(
  db: Db,
  table: RetainedTable,
  days: number,
  chain: Chain,
): Promise<Pick<TablePreview, 'rows' | 'oldest' | 'bytes' | 'stays'>> {
  const { rows: at } = await sql<{ wanted: Date }>`SELECT ${cutoffOf(days)} AS wanted`.execute(db);
  const { wanted } = at[0]!;
  const until = table.figures ? (await daysToCheck(db, table.figures, wanted)).until : wanted;
  const time = table.time && sql.ref(`t.${table.time.column}`);
  const judged: RetainedTable = {
    ...table,
    stays: [
      ...(time
        ? [
            {
              why: notRolledUp,
              when: sql<boolean>`${time} >= coalesce(${until}::timestamptz, '-infinity')`,
            },
          ]
        : []),
      ...table.stays,
    ],
  };
  const counted: OldRows[] = [];
  const held: HeldRow[] = [];
  for (let after: Position | null = null; ;) {
    const from: Position | null = after;
    const batch = await countOld(
      db,
      judged,
      { after: from, before: sql`${wanted}::timestamptz`, limit: rowsAtOnce },
      retainedTables,
    );
    counted.push(...batch.counted);
    held.push(...batch.held);
    // Another job removes rows of this table, at another time.
    if (!table.removedByJob) chain.goes(table.table, batch.going);
    if (batch.seen < rowsAtOnce) break;
    after = batch.last;
  }
  for (const { row, why } of chain.judge(judged, held))
    counted.push({ why, rows: row.rows, oldest: row.at });
  const timeless = isLog(table) ? await countTimeless(db, table) : 0;
  if (timeless > 0) counted.push({ why: 'has no time', rows: timeless, oldest: null });
  return { ...added(counted), bytes: await bytesOf(db, table, added(counted).rows) };
}

/** The parts of a table together. */
function added(counted: readonly OldRows[]): Pick<TablePreview, 'rows' | 'oldest' | 'stays'> {
  const stays = new Map<string, number>();
  let rows = 0;
  let oldest: Date | null = null;
  for (const part of counted) {
    if (part.why !== null) stays.set(part.why, (stays.get(part.why) ?? 0) + part.rows);
    else {
      rows += part.rows;
      if (part.oldest !== null && (oldest === null || part.oldest < oldest)) oldest = part.oldest;
    }
  }
  return { rows, oldest, stays: [...stays].map(([why, count]) => ({ why, rows: count })) };
}

async function bytesOf(db: Db, table: RetainedTable, rows: number): Promise<number> {
  if (rows === 0) return 0;
  const size = await sizeOf(db, table);
  // Statistics may be old, or not be there yet.
  return Math.round((size.bytes * rows) / Math.max(size.rows, rows));
}
