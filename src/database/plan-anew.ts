import type pg from 'pg';

/** By performance.now(). */
const plannedAt = new WeakMap<pg.ClientBase, number>();

/** All plans of a connection cost some 10 ms to make. */
const mostAgeMs = 2_000;

/**
 * Called before each use of a connection of the engine: makes it forget the plans that are older than 2 s, those of
 * named statements and those that it keeps inside functions (ours and BullMQ's), triggers and foreign keys.
 * While a platform is young, or wakes to thousands of runs, its tables grow from empty to large between two
 * analyses of autovacuum. Of an empty table it costs as much to read any index from end to end as to look up a key,
 * and a plan that was made then would do so for a minute: seconds a flush, with all its locks held.
 */
export function planAnew(client: pg.ClientBase): void {
  const now = performance.now();
  const at = plannedAt.get(client);
  if (at !== undefined && now - at < mostAgeMs) return;
  plannedAt.set(client, now);
  // Not waited for: what follows on this connection fails as well if this does.
  if (at !== undefined) client.query('DISCARD PLANS').catch(() => {});
}
