/** The years of dates that name none: lines follow each other, and the last one is not in the future. */

const dayMs = 86_400_000;
/** Logs are not quite in order, and rotated ones that were put together go back by weeks. */
const disorderMs = 45 * dayMs;

/**
 * Gives each date the year in which it follows the line before. The first line is of the latest year in which it is at
 * most a day ahead of now (clocks and zones differ). Where it turns out that this was too late, because the log goes on
 * into the future, {@link yearsAhead} says by how many years all of it is; the rows are written by then.
 */
export class Years {
  /** ms since 1970 */
  readonly limit: number;
  /** How many dates have got a year. */
  placed = 0;
  /** Whether one of them is after the limit. */
  isAhead = false;
  #last: number | null = null;
  #year = 0;
  /** A leap by more than logs are out of order: a clock that was reset leads to January, and comes back. */
  #leap: { from: number; to: number; placed: number } | null = null;

  constructor(now: number) {
    this.limit = now + dayMs;
  }

  /** `at`: the date in a year, in ms since 1970; null where it does not exist. Null: it exists in no year. */
  place(at: (year: number) => number | null): number | null {
    const found = this.#last === null ? this.#latest(at) : this.#next(at, this.#last);
    if (found === null) return null;
    this.placed++;
    if (found > this.limit) this.isAhead = true;
    return found;
  }

  /** How many years too late the log was placed, by its newest lines. */
  get yearsAhead(): number {
    if (this.#last === null || this.#last <= this.limit) return 0;
    // The clock was reset, and the log ends before it was right again.
    if (this.#leap && this.placed - this.#leap.placed < this.#leap.placed) return 0;
    let years = 1;
    while (new Date(this.#last).setUTCFullYear(yearOf(this.#last) - years) > this.limit) years++;
    return years;
  }

  #latest(at: (year: number) => number | null): number | null {
    const year = yearOf(this.limit + dayMs);
    // 29 February: leap years are up to eight years apart.
    for (let back = 0; back <= 9; back++) {
      const found = at(year - back);
      if (found !== null && found <= this.limit) return this.#take(found, year - back);
    }
    return null;
  }

  #next(at: (year: number) => number | null, last: number): number | null {
    const year = this.#year;
    if (this.#leap === null) {
      const found = at(year);
      if (found !== null && Math.abs(found - last) <= disorderMs) return this.#take(found, year);
    } else {
      const { from, to } = this.#leap;
      const back = candidates(at, yearOf(from)).find(
        ([found]) => Math.abs(found - from) <= disorderMs,
      );
      // It has come back: to where it was before the leap.
      if (back) this.#leap = null;
      if (back) return this.#take(...back);
      // It goes on where the leap led to.
      if (last - to > disorderMs) this.#leap = null;
    }
    const next = candidates(at, year).find(([found]) => found >= last - disorderMs);
    // 29 February, in a year that has none: judged by itself.
    if (next === undefined) {
      const found = this.#latest(at);
      if (found !== null) this.#take(last, year);
      return found;
    }
    if (next[0] - last > disorderMs)
      this.#leap ??= { from: last, to: next[0], placed: this.placed };
    return this.#take(...next);
  }

  #take(found: number, year: number): number {
    this.#year = year;
    return (this.#last = found);
  }
}

const yearOf = (at: number): number => new Date(at).getUTCFullYear();

/** The date in the year before, the same and the next one. */
const candidates = (at: (year: number) => number | null, year: number): [number, number][] =>
  [year - 1, year, year + 1].flatMap((each): [number, number][] => {
    const found = at(each);
    return found === null ? [] : [[found, each]];
  });
