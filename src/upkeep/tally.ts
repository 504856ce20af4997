/** What has been done, in the words in which the run of the job records it. */
import type { DueTable } from './due-tables.ts';
import type { GrownIndex } from './index-sizes.ts';
import type { Ended } from './sessions.ts';

/** So many tables and indexes are listed one by one; all are counted. */
const maxListed = 100;

interface Done {
  seconds: number;
  bytes_before: number;
  /** null where it is gone meanwhile */
  bytes_after: number | null;
}

interface DoneTable extends Done {
  table: string;
  did: string;
  why: string[];
  warnings?: string[];
}

interface RebuiltIndex extends Done {
  index: string;
  of: string;
  /** how often its smallest size for the same rows it took before */
  growth: number;
}

/** What was not done, for a reason of its own. */
interface Undone {
  name: string;
  why: string;
}

/** What this login may not do, because it neither owns the table nor was given the right. */
interface NotAllowed {
  tables: number;
  indexes: number;
  owners: string[];
}

const whyUndone = (ended: Exclude<Ended, { outcome: 'done' }>): string =>
  ended.outcome === 'failed'
    ? ended.error
    : {
        time: 'the time was over',
        mode: 'the mode became off',
        yielded: 'another session waited for what it held',
        locked: 'another session held what it needs',
        cancelled: 'a person cancelled it',
        gone: 'it was removed meanwhile',
      }[ended.outcome];

const rounded = (seconds: number): number => Math.round(seconds * 100) / 100;

export class Tally {
  /** whether all was done that was due, or why it ended earlier */
  ended: 'done' | 'time' | 'mode' = 'done';
  /** false while it works; and for ever where its process was killed or its connection was lost */
  isOver = false;
  /** what was due and was not begun, or was broken off, when it ended */
  readonly left = { tables: 0, indexes: 0 };
  /** tables of which the work was broken off because the time was over: the next run works on all others before them */
  readonly brokenOff: string[] = [];
  readonly tables: DoneTable[] = [];
  readonly indexes: RebuiltIndex[] = [];
  readonly undone: Undone[] = [];
  readonly failed: Undone[] = [];
  readonly leftovers: string[] = [];
  readonly notAllowed: NotAllowed = { tables: 0, indexes: 0, owners: [] };
  /** whether the disk has room for rebuilds; null where none was due */
  room: string | null = null;

  refuse(what: 'tables' | 'indexes', owner: string): void {
    this.notAllowed[what] += 1;
    const { owners } = this.notAllowed;
    if (!owners.includes(owner)) owners.push(owner);
  }

  table(due: DueTable, ended: Ended, bytes_after: number | null): void {
    const { schema, table, vacuum, analyze, bytes: bytes_before } = due;
    const name = `${schema}.${table}`;
    if (ended.outcome === 'time') this.brokenOff.push(name);
    if (ended.outcome !== 'done') return this.#undone(name, ended);
    this.tables.push({
      table: name,
      did: [vacuum && 'vacuum', analyze && 'analyze'].filter(Boolean).join(' and '),
      why: [...new Set([vacuum, analyze].filter((each) => each !== null))],
      seconds: rounded(ended.seconds),
      bytes_before,
      bytes_after,
      ...(ended.warnings.length > 0 && { warnings: ended.warnings.slice(0, 3) }),
    });
  }

  index(grown: GrownIndex, ended: Ended, bytes_after: number | null): void {
    const { schema, index, table, bytes: bytes_before, growth } = grown;
    if (ended.outcome !== 'done') return this.#undone(`${schema}.${index}`, ended);
    const seconds = rounded(ended.seconds);
    const more = { seconds, bytes_before, bytes_after };
    this.indexes.push({ index: `${schema}.${index}`, of: table, growth: rounded(growth), ...more });
  }

  /** It was to come last, and there was no time for it. */
  postponeAgain({ schema, table }: DueTable): void {
    this.brokenOff.push(`${schema}.${table}`);
  }

  postpone({ schema, index }: GrownIndex, why: string): void {
    this.undone.push({ name: `${schema}.${index}`, why });
  }

  #undone(name: string, ended: Exclude<Ended, { outcome: 'done' }>): void {
    const line = { name, why: whyUndone(ended) };
    this.undone.push(line);
    if (ended.outcome === 'failed') this.failed.push(line);
  }

  /** The figures of the run. */
  figures(): Record<string, unknown> {
    const { tables, indexes, undone, notAllowed } = this;
    const did = (what: string) => tables.filter((each) => each.did.includes(what)).length;
    const all = [...tables, ...indexes];
    const sum = (of: (done: Done) => number) => all.reduce((total, each) => total + of(each), 0);
    return {
      ...(this.isOver && { ended: this.ended }),
      vacuumed: did('vacuum'),
      analyzed: did('analyze'),
      rebuilt: indexes.length,
      removed_leftovers: this.leftovers.length,
      bytes_before: sum((each) => each.bytes_before),
      bytes_after: sum((each) => each.bytes_after ?? 0),
      tables: tables.slice(0, maxListed),
      indexes: indexes.slice(0, maxListed),
      ...(this.leftovers.length > 0 && { leftovers: this.leftovers.slice(0, maxListed) }),
      ...(undone.length > 0 && { not_done: undone.slice(0, maxListed) }),
      ...(this.ended !== 'done' && { left: this.left }),
      ...(this.brokenOff.length > 0 && { broken_off: this.brokenOff }),
      ...(notAllowed.owners.length > 0 && {
        not_allowed: { ...notAllowed, how: this.#howAllowed },
      }),
      ...(this.room !== null && { room: this.room }),
    };
  }

  get #howAllowed(): string {
    return 'the login owns neither them nor may maintain them: GRANT their owner to it, or from PostgreSQL 17 on GRANT MAINTAIN ON ALL TABLES IN SCHEMA of each schema';
  }
}
