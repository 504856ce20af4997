/** How many bots one transaction claims; fewer in the first one of a tick, so that workers get work early. */
const usual = 1_000;
const first = 100;
const least = 5;

/**
 * How many bots the next batch of a claim takes. After a timeout it takes a quarter of the size that took too long, and
 * then twice as many after each batch that succeeds. The size is kept from tick to tick, so that a server in trouble is
 * not asked again and again for what it cannot do.
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

  /** Records a timeout. False when a smaller batch would not help. */
  tookTooLong(): boolean {
    if (this.#most === least) return false;
    this.#most = Math.max(least, Math.floor(this.#most / 4));
    return true;
  }
}
