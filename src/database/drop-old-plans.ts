import type pg from 'pg';

/** Since when each connection has had its present plans, by performance.now(). */
const plansSince = new WeakMap<pg.ClientBase, number>();

/** The maximum age of plans. To make all plans of a connection again costs some 10 ms. */
const maxAgeMs = 2_000;

/**
 * Called each time that a connection with the option `dropsOldPlans` is taken from its pool. It drops plans that are older than
 * 2 s: those of named statements, and those that the connection keeps inside functions (of Roundsman and of BullMQ), triggers and
 * foreign keys. On a new platform, or when thousands of runs become due at once, tables grow from empty to large between two
 * analyses of autovacuum. On an empty table, reading a whole index costs as much as looking up a key, so a plan made then may read
 * the whole index. Until autovacuum analyses the table again, up to a minute later, such a plan would cost each flush seconds,
 * with all its locks held.
 */
export function dropOldPlans(client: pg.ClientBase): void {
  const now = performance.now();
  const since = plansSince.get(client);
  if (since !== undefined && now - since < maxAgeMs) return;
  plansSince.set(client, now);
  // Not awaited: if this fails, the caller's next statement on this connection fails too.
  if (since !== undefined) client.query('DISCARD PLANS').catch(() => {});
}
