/** Bots claimed in one transaction; fewer in the first one of a tick, so that workers have something to do meanwhile. */
const usual = 1_000;
const first = 100;
const least = 5;

/**
 * How many bots the next batch of a claim takes. After a timeout a quarter of those that took too long, and then twice
 * as many after each batch that succeeds; kept from tick to tick, so that a server in trouble is not asked again and
 * again for what it cannot do.
 */
export class BatchSize {
  #most = first;

  get most(): number {
    return this.#most;
  }

  beginTick(): void {
    this.#most = Math.min(this.#most, first);
  }

  succeeded(): void {
    this.#most = this.#most >= first ? usual : Math.min(first, this.#most * 2);
  }

  /** False when a smaller batch is no use. */
  tookTooLong(): boolean {
    if (this.#most === least) return false;
    this.#most = Math.max(least, Math.floor(this.#most / 4));
    return true;
  }
}
