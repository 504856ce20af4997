/** Keeps the rows to which later lines of the log may still belong. */
import type { ParsedRow } from './reading/log-format.ts';

/** The most rows of other writers that may stand between a row and a line that belongs to it. */
const maxOpen = 100;

/** Keeps the newest row of a log, or the newest hundred rows if several programs write into the log at once. */
export class OpenRows<Row> {
  /** A ring buffer: the oldest row is at `#oldest`. */
  #open: ParsedRow<Row>[] = [];
  #oldest = 0;

  /** Adds a row, and returns the row that leaves because of it: no later line belongs to that one. */
  add(parsed: ParsedRow<Row>): Row | undefined {
    const size = parsed.writer === undefined ? 1 : maxOpen;
    if (this.#open.length < size) {
      this.#open.push(parsed);
      return undefined;
    }
    const complete = this.#open[this.#oldest]!.row;
    this.#open[this.#oldest] = parsed;
    this.#oldest = (this.#oldest + 1) % this.#open.length;
    return complete;
  }

  /** The newest row of this writer; without a writer, the newest of all rows. */
  rowOf(writer?: string): Row | undefined {
    const { length } = this.#open;
    for (let back = 1; back <= length; back++) {
      const found = this.#open[(this.#oldest - back + length) % length]!;
      if (writer === undefined || found.writer === writer) return found.row;
    }
    return undefined;
  }

  /** Removes all rows and returns them, in the order in which they began. */
  takeAll(): Row[] {
    const rows = [...this.#open.slice(this.#oldest), ...this.#open.slice(0, this.#oldest)];
    this.#open = [];
    this.#oldest = 0;
    return rows.map(({ row }) => row);
  }
}
