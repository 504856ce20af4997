/** Rows that later lines may still belong to. */
import type { ParsedRow } from './reading/log-format.ts';

/** So many rows of other writers may stand between a row and a line that belongs to it. */
const maxHeld = 100;

/** The newest row of a log, and the newest hundred of one in which several write between each other. */
export class HeldRows<Row> {
  /** A ring: the oldest one stands at `#oldest`. */
  #held: ParsedRow<Row>[] = [];
  #oldest = 0;

  /** Holds a row, and returns the one that is complete because of it. */
  hold(parsed: ParsedRow<Row>): Row | undefined {
    const size = parsed.writer === undefined ? 1 : maxHeld;
    if (this.#held.length < size) {
      this.#held.push(parsed);
      return undefined;
    }
    const complete = this.#held[this.#oldest]!.row;
    this.#held[this.#oldest] = parsed;
    this.#oldest = (this.#oldest + 1) % this.#held.length;
    return complete;
  }

  /** The newest row of a writer; without one, of all. */
  rowOf(writer?: string): Row | undefined {
    const { length } = this.#held;
    for (let back = 1; back <= length; back++) {
      const found = this.#held[(this.#oldest - back + length) % length]!;
      if (writer === undefined || found.writer === writer) return found.row;
    }
    return undefined;
  }

  /** Lets go of all rows, in the order in which they began, and returns them. */
  release(): Row[] {
    const rows = [...this.#held.slice(this.#oldest), ...this.#held.slice(0, this.#oldest)];
    this.#held = [];
    this.#oldest = 0;
    return rows.map(({ row }) => row);
  }
}
