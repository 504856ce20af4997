/** What the job `maintenance` does to the tables and indexes of the database, until its time is over. */
import type { Db } from '../database/connect.ts';
import { byNumber, quotedIdentifier } from '../ground/text.ts';
import { readDueTables, sizeOf, type DueTable } from './due-tables.ts';
import {
  forgetGone,
  measureIndexes,
  noteRebuild,
  noteTooShort,
  readGrownIndexes,
  sizeOfIndex,
  type GrownIndex,
} from './index-sizes.ts';
import { hasLeftover, removeLeftovers } from './leftovers.ts';
import { LongTransactions } from './long-transactions.ts';
import { roomFor } from './room.ts';
import { Sessions, type Ended, type Limits } from './sessions.ts';
import { Tally } from './tally.ts';

export interface UpkeepRequest extends Limits {
  db: Db;
  url: string;
  /** what is done is written down here, so that it is known, too, where the work ends early */
  tally?: Tally;
  /** a transaction that has been open for so long makes a rebuild wait: none is begun then. 60 unless given */
  longSeconds?: number;
  /** tables, as `schema.table`, of which the last run was broken off when its time was over: they come after all others */
  last?: readonly string[];
}

/** VACUUM and ANALYZE wait no longer than this for their lock. */
const lockTimeoutMs = 1_000;
/** A rebuild waits up to so long for each transaction that began before it. */
const rebuildLockTimeoutMs = 30_000;
/** How often as much as the index takes has to be free: for its copy, and for what sorting and the write-ahead log take meanwhile. */
const roomTimes = 2;

/**
 * Vacuums and analyses the tables that are due, then rebuilds the indexes that have grown; removes first what an earlier rebuild has
 * left. Ends when all is done, when the time is over, or when the mode becomes off. Throws UpkeepUnderWayError, the reason of the
 * aborted signal, and what a lost connection throws.
 */
export async function upkeep(request: UpkeepRequest): Promise<Tally> {
  const { db, url, longSeconds = 60, last = [], tally = new Tally() } = request;
  const sessions = await Sessions.open(url, request);
  try {
    const work = {
      db,
      sessions,
      long: new LongTransactions(sessions, longSeconds),
      tally,
    };
    // What is open now is long when the tables are done, also where the server hides since when it is open.
    await work.long.count();
    work.tally.leftovers.push(...(await removeLeftovers(db, sessions)));
    await forgetGone(db);
    const due = await readDueTables(db);
    const isLast = ({ schema, table }: DueTable) => last.includes(`${schema}.${table}`);
    const later = due.filter(isLast);
    await inTurn(
      work,
      'tables',
      due.filter((each) => !isLast(each)),
      workOnTable,
    );
    await measureIndexes(db);
    await inTurn(work, 'indexes', await readGrownIndexes(db), rebuild);
    const begun = await inTurn(work, 'tables', later, workOnTable);
    for (const table of later.filter(({ allowed }) => allowed).slice(begun))
      work.tally.postponeAgain(table);
    tally.isOver = true;
    return tally;
  } finally {
    await sessions.close();
  }
}

interface Work {
  db: Db;
  sessions: Sessions;
  long: LongTransactions;
  tally: Tally;
}

/** Works on one after the other, while there is time, and returns to how many it came; `one` resolves with null where it began nothing. */
async function inTurn<Item extends { allowed: boolean; owner: string }>(
  work: Work,
  what: 'tables' | 'indexes',
  items: readonly Item[],
  one: (work: Work, item: Item) => Promise<Ended | null>,
): Promise<number> {
  const { sessions, tally } = work;
  for (const item of items.filter(({ allowed }) => !allowed)) tally.refuse(what, item.owner);
  const allowed = items.filter((item) => item.allowed);
  for (const [done, item] of allowed.entries()) {
    let begun = done;
    if (tally.ended === 'done') tally.ended = (await sessions.isOver()) ?? 'done';
    if (tally.ended === 'done') {
      begun += 1;
      const outcome = (await one(work, item))?.outcome;
      if (outcome !== 'time' && outcome !== 'mode') continue;
      tally.ended = outcome;
    }
    tally.left[what] += allowed.length - done;
    return begun;
  }
  return allowed.length;
}

const nameOf = (schema: string, name: string): string =>
  `${quotedIdentifier(schema)}.${quotedIdentifier(name)}`;

async function workOnTable({ db, sessions, tally }: Work, table: DueTable): Promise<Ended> {
  const ended = await sessions.carryOut({ sql: statementFor(table), lockTimeoutMs });
  const bytes = await sizeOf(db, table);
  tally.table(table, goneIf(bytes === null, ended), bytes);
  return ended;
}

function statementFor({ schema, table, vacuum, analyze }: DueTable): string {
  const name = nameOf(schema, table);
  if (vacuum === null) return `ANALYZE ${name}`;
  const options = [vacuum === 'wraparound' && 'FREEZE', analyze && 'ANALYZE'].filter(Boolean);
  return options.length > 0 ? `VACUUM (${options.join(', ')}) ${name}` : `VACUUM ${name}`;
}

async function rebuild(work: Work, index: GrownIndex): Promise<Ended | null> {
  const { db, sessions, tally } = work;
  const why = await whyNot(work, index);
  if (why !== null) {
    tally.postpone(index, why);
    return null;
  }
  await noteRebuild(db, index);
  const ended = await sessions.carryOut({
    sql: `REINDEX INDEX CONCURRENTLY ${nameOf(index.schema, index.index)}`,
    lockTimeoutMs: rebuildLockTimeoutMs,
  });
  if (ended.outcome === 'done') await measureIndexes(db, { one: index, rebuilt: true });
  else if (ended.outcome === 'time') await noteTooShort(db, index, ended.seconds);
  // After one that succeeded, too: the old index may still be there, where the last step met a lock.
  tally.leftovers.push(...(await removeLeftovers(db, sessions)));
  const bytes = await sizeOfIndex(db, index);
  tally.index(index, goneIf(bytes === null, ended), bytes);
  return ended;
}

/** What fails because the table or the index was removed meanwhile has not failed. */
const goneIf = (isGone: boolean, ended: Ended): Ended =>
  isGone && ended.outcome === 'failed' ? { outcome: 'gone', seconds: ended.seconds } : ended;

/** Why a rebuild is not begun now; null where nothing is in its way. */
async function whyNot(
  { db, sessions, long, tally }: Work,
  index: GrownIndex,
): Promise<string | null> {
  const transactions = await long.count();
  // Each attempt would leave one more, which writes have to keep up to date.
  if (await hasLeftover(db, index)) return 'what an earlier rebuild has left could not be removed';
  if (transactions > 0)
    return `it would wait for ${byNumber(transactions, 'a transaction that has', `${transactions} transactions that have`)} been open for long`;
  const { broken_off_after: before } = index;
  if (before !== null && sessions.leftMs < before * 1_000)
    return `${before} s were not enough for it the last time, and less is left`;
  const room = await roomFor(sessions, index);
  tally.room = 'unknown' in room ? `not known: ${room.unknown}` : 'enough';
  if ('unknown' in room || room.free >= roomTimes * index.bytes) return null;
  tally.room = 'too little';
  return `it needs ${roomTimes * index.bytes} bytes of the disk, and ${room.free} are free`;
}
