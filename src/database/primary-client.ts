import type pg from 'pg';
import { serversIn } from '../ground/addresses/database-hosts.ts';
import { OwnClient } from './own-client.ts';
import { findPrimary } from './primary.ts';

/** A client that connects to whichever of the servers of its address takes writes; see {@link findPrimary}. */
export class PrimaryClient extends OwnClient {
  readonly #address: string;

  constructor(config?: pg.ClientConfig) {
    super(config);
    this.#address = config?.connectionString ?? '';
  }

  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<this> | void {
    if (callback === undefined)
      return this.#choose().then(async () => {
        await super.connect();
        return this;
      });
    // The session is the caller's at once, as with pg's own client: whatever the server says next is meant for its first statement.
    // oxlint-disable-next-line promise/no-callback-in-promise -- the pool of pg gives a callback, which is called once
    this.#choose().then(() => super.connect(callback), callback);
  }

  async #choose(): Promise<void> {
    if (serversIn(this.#address).length > 1) this.goTo(await findPrimary(this.#address));
  }
}

/** How often a pool with open connections asks the servers again. */
const askEachMs = 10_000;

/**
 * Asks again and again while the pool has connections, because an old primary that still takes writes ends none by itself. Does nothing
 * where the address names one server.
 */
export function followPrimary(address: string, connections: pg.Pool): void {
  if (serversIn(address).length < 2) return;
  const timer = setInterval(() => {
    if (connections.ending) clearInterval(timer);
    else if (connections.totalCount > 0) findPrimary(address).catch(() => {});
  }, askEachMs);
  timer.unref();
}
