/** Rows that stay only because of others which go in the same run: a run with its finding, and that with its ticket. */
import type { Referring, RetainedTable } from './retained-table.ts';

/** A row that other rows keep, and by which it is known to those that it keeps itself. */
export interface HeldRow {
  id: string;
  /** how many rows go with it, itself included */
  rows: number;
  at: Date | null;
  /** for each reason of the table that is rows of a table of the list: the ids of these rows, in the order of {@link referrersOf} */
  by: string[][];
}

/** The reasons of a table that are rows which may go themselves. */
export const referrersOf = ({ stays }: RetainedTable): { why: string; by: Referring }[] =>
  stays.flatMap(({ why, by }) => (by ? [{ why, by }] : []));

/**
 * Knows which rows go, table after table in the order in which they are removed, so that rows which stay for these alone are known to go,
 * too. It keeps the ids of those that go and may keep others, some 100 bytes for each; runs, of which there are most, keep nothing.
 */
export class Chain {
  readonly #gone = new Map<string, Set<string>>();
  readonly #keepers: ReadonlySet<string>;

  /** `tables`: all that are judged. */
  constructor(tables: readonly RetainedTable[]) {
    this.#keepers = new Set(
      tables.flatMap((table) => referrersOf(table).map(({ by }) => by.table)),
    );
  }

  /** Rows of a table that nothing keeps. */
  goes(table: string, ids: readonly string[]): void {
    if (!this.#keepers.has(table)) return;
    const gone = this.#gone.get(table) ?? new Set();
    for (const id of ids) gone.add(id);
    this.#gone.set(table, gone);
  }

  /**
   * Which of the rows of a table that others keep stay all the same, and why; the others go. A row may be kept by rows of its own table,
   * as a finding by one whose cause it is: they are judged until none goes any more.
   */
  judge(table: RetainedTable, held: readonly HeldRow[]): { row: HeldRow; why: string | null }[] {
    const reasons = referrersOf(table);
    const whyOf = ({ by }: HeldRow): string | null =>
      reasons.find(({ by: { table: other } }, at) =>
        by[at]!.some((id) => !this.#gone.get(other)?.has(id)),
      )?.why ?? null;
    let left = held;
    for (let before = Infinity; left.length < before;) {
      before = left.length;
      const going = left.filter((row) => whyOf(row) === null);
      this.goes(
        table.table,
        going.map(({ id }) => id),
      );
      const gone = new Set(going);
      left = left.filter((row) => !gone.has(row));
    }
    const stay = new Set(left);
    return held.map((row) => ({ row, why: stay.has(row) ? whyOf(row) : null }));
  }
}
