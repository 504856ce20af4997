import type pg from 'pg';

/** By performance.now(). */
const plannedAt = new WeakMap<pg.ClientBase, number>();

/** The maximum age of plans. To make all plans of a connection again costs some 10 ms. */
const maxAgeMs = 2_000;

/**
 * Called before each use of an engine connection. It drops plans that are older than 2 s: those of named statements,
 * and those that the connection keeps inside functions (of Roundsman and of BullMQ), triggers and foreign keys. On a
 * new platform, or when thousands of runs become due at once, tables grow from empty to large between two analyses of
 * autovacuum. On an empty table, reading a whole index costs as much as looking up a key, so a plan made then may read
 * the whole index. For up to a minute it would cost each flush seconds, with all its locks held.
 */
export function planAnew(client: pg.ClientBase): void {
  const now = performance.now();
  const at = plannedAt.get(client);
  if (at !== undefined && now - at < maxAgeMs) return;
  plannedAt.set(client, now);
  // Not awaited: if this fails, the caller's next statement on this connection fails too.
  if (at !== undefined) client.query('DISCARD PLANS').catch(() => {});
}
