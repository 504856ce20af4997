import type pg from 'pg';

/** By performance.now(). */
const plannedAt = new WeakMap<pg.ClientBase, number>();

/** The oldest that plans may be. Making all plans of a connection again costs some 10 ms. */
const mostAgeMs = 2_000;

/**
 * Called before each use of an engine connection. It drops plans that are older than 2 s: those of named statements,
 * and those that the connection keeps inside functions (ours and BullMQ's), triggers and foreign keys. While a
 * platform is young, or wakes to thousands of runs, its tables grow from empty to large between two analyses of
 * autovacuum. On an empty table, reading any index from end to end costs as much as looking up a key. A plan made
 * then would do so for a minute: seconds for each flush, with all its locks held.
 */
export function planAnew(client: pg.ClientBase): void {
  const now = performance.now();
  const at = plannedAt.get(client);
  if (at !== undefined && now - at < mostAgeMs) return;
  plannedAt.set(client, now);
  // Not awaited: if this fails, the caller's next statement on this connection fails too.
  if (at !== undefined) client.query('DISCARD PLANS').catch(() => {});
}
