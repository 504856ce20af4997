/** Thrown to end a search whose time is up. */
export class TimeIsUpError extends Error {}

/** Whether a time limit is reached. */
export type IsTimeUp = () => boolean;

/**
 * Returns a function that says whether this many milliseconds have passed from now on. It says no while this process has had
 * less than a tenth of that time on a processor, because the machine stood still or was busy with other processes: an ordinary
 * entry must be matched all the same.
 */
export function startTimeLimit(ms: number): IsTimeUp {
  const began = performance.now();
  const used = process.cpuUsage();
  return () => {
    if (performance.now() - began < ms) return false;
    const { user, system } = process.cpuUsage(used);
    return (user + system) / 1_000 >= ms / 10;
  };
}

/**
 * After how many characters the clock is read. The largest pattern that is allowed takes 0.1 ms for a character, so this is some 6 ms.
 */
const readsBetweenClocks = 64;

/**
 * A text that ends a search when its time is up, by throwing {@link TimeIsUpError}. re2js runs in linear time, but the
 * largest pattern over the longest text takes a second and more, and cannot be interrupted. re2js accepts a String
 * object in place of a string. It reads it through `charCodeAt`, and looks for a literal with `indexOf`, which is fast and
 * needs no limit.
 */
export class TimedText extends String {
  readonly #text: string;
  readonly #isTimeUp: IsTimeUp;
  #reads = 0;

  constructor(text: string, isTimeUp: IsTimeUp) {
    super(text);
    this.#text = text;
    this.#isTimeUp = isTimeUp;
  }

  override charCodeAt(index: number): number {
    this.#reads += 1;
    if (this.#reads % readsBetweenClocks === 0 && this.#isTimeUp()) throw new TimeIsUpError();
    return this.#text.charCodeAt(index);
  }
}
