/** A search was given up because its time had passed. */
export class TimeIsUp extends Error {}

/** Whether the time that was given is over. */
export type TimeGiven = () => boolean;

/**
 * Gives this many milliseconds from now on. Time is not up while this process got less than a tenth of it, because the
 * machine stood still or was busy with other processes: that must not stop an ordinary entry from being matched.
 */
export function giveTime(ms: number): TimeGiven {
  const began = performance.now();
  const used = process.cpuUsage();
  return () => {
    if (performance.now() - began < ms) return false;
    const { user, system } = process.cpuUsage(used);
    return (user + system) / 1_000 >= ms / 10;
  };
}

/**
 * How many characters are read between two looks at the clock: 6 ms at the 0.1 ms that the largest program takes for
 * one.
 */
const readsBetweenLooks = 64;

/**
 * A text that ends a search when its time is up, by throwing {@link TimeIsUp}. re2js runs in linear time, but the
 * largest program over the longest text takes a second and more, and cannot be interrupted. re2js accepts a String
 * object in place of a string, and reads it only through `charCodeAt`.
 */
export class TimedText extends String {
  readonly #text: string;
  readonly #isOver: TimeGiven;
  #reads = 0;

  constructor(text: string, isOver: TimeGiven) {
    super(text);
    this.#text = text;
    this.#isOver = isOver;
  }

  override charCodeAt(at: number): number {
    this.#reads += 1;
    if (this.#reads % readsBetweenLooks === 0 && this.#isOver()) throw new TimeIsUp();
    return this.#text.charCodeAt(at);
  }
}
