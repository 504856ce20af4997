/** How many bots one transaction claims at most; fewer in the first one of a tick, so that workers get work early. */
const usualSize = 1_000;
const firstSize = 100;
const minSize = 5;

/**
 * How many bots the next batch of a claim takes. After a timeout it takes a quarter of the size that took too long, and
 * then twice as many after each batch that succeeds. The size is kept from tick to tick, so that a slow server is not asked
 * again and again for a batch that it cannot finish in time.
 */
export class BatchSize {
  #maxBots = firstSize;

  get maxBots(): number {
    return this.#maxBots;
  }

  beginTick(): void {
    this.#maxBots = Math.min(this.#maxBots, firstSize);
  }

  succeeded(): void {
    this.#maxBots = this.#maxBots >= firstSize ? usualSize : Math.min(firstSize, this.#maxBots * 2);
  }

  /** Records a timeout. False when a smaller batch would not help. */
  tookTooLong(): boolean {
    if (this.#maxBots === minSize) return false;
    this.#maxBots = Math.max(minSize, Math.floor(this.#maxBots / 4));
    return true;
  }
}
