/** Finds the years of dates that name none: each line is later than the line before, and the last is not in the future. */

const dayMs = 86_400_000;
/** How much earlier than the line before a line may be: rotated logs that were put together go back by weeks. */
const disorderMs = 45 * dayMs;

/**
 * Gives each date the year in which it follows the line before. The first line gets the latest year in which it is at
 * most a day later than now (clocks and zones differ). If the log then goes on into the future, this year was too late:
 * {@link yearsAhead} says by how many years. By then the rows have been written, and have to be corrected.
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
  /** A jump by more than {@link disorderMs}: a clock that was reset goes to January, and is set right later. */
  #jump: { from: number; to: number; placed: number } | null = null;

  constructor(now: number) {
    this.limit = now + dayMs;
  }

  /**
   * The instant of a date in its year; null if the date exists in no year. `instantIn` gives the instant in a given year, in ms
   * since 1970, or null where the date does not exist.
   */
  place(instantIn: (year: number) => number | null): number | null {
    const found = this.#last === null ? this.#latest(instantIn) : this.#next(instantIn, this.#last);
    if (found === null) return null;
    this.placed++;
    if (found > this.limit) this.isAhead = true;
    return found;
  }

  /** By how many years the log was placed too late, according to its last line. */
  get yearsAhead(): number {
    if (this.#last === null || this.#last <= this.limit) return 0;
    // The clock was reset, and the log ends before the clock was right again.
    if (this.#jump && this.placed - this.#jump.placed < this.#jump.placed) return 0;
    let years = 1;
    while (new Date(this.#last).setUTCFullYear(yearOf(this.#last) - years) > this.limit) years++;
    return years;
  }

  #latest(instantIn: (year: number) => number | null): number | null {
    const year = yearOf(this.limit + dayMs);
    // Nine years back, because of 29 February: leap years may be eight years apart.
    for (let back = 0; back <= 9; back++) {
      const found = instantIn(year - back);
      if (found !== null && found <= this.limit) return this.#take(found, year - back);
    }
    return null;
  }

  #next(instantIn: (year: number) => number | null, last: number): number | null {
    const year = this.#year;
    if (this.#jump === null) {
      const found = instantIn(year);
      if (found !== null && Math.abs(found - last) <= disorderMs) return this.#take(found, year);
    } else {
      const { from, to } = this.#jump;
      const back = candidates(instantIn, yearOf(from)).find(
        ([found]) => Math.abs(found - from) <= disorderMs,
      );
      // The clock is right again: the log goes on where it was before the jump.
      if (back) this.#jump = null;
      if (back) return this.#take(...back);
      // The log goes on where the jump led to, so the clock was not reset.
      if (last - to > disorderMs) this.#jump = null;
    }
    const next = candidates(instantIn, year).find(([found]) => found >= last - disorderMs);
    // 29 February in a year that has none: this date is placed without regard to the lines before.
    if (next === undefined) {
      const found = this.#latest(instantIn);
      if (found !== null) this.#take(last, year);
      return found;
    }
    if (next[0] - last > disorderMs)
      this.#jump ??= { from: last, to: next[0], placed: this.placed };
    return this.#take(...next);
  }

  #take(found: number, year: number): number {
    this.#year = year;
    return (this.#last = found);
  }
}

const yearOf = (at: number): number => new Date(at).getUTCFullYear();

/** The date in the previous, the same and the next year, as far as it exists. */
const candidates = (instantIn: (year: number) => number | null, year: number): [number, number][] =>
  [year - 1, year, year + 1].flatMap((each): [number, number][] => {
    const found = instantIn(each);
    return found === null ? [] : [[found, each]];
  });
