import type pg from 'pg';

const uses = new WeakMap<pg.ClientBase, number>();

/**
 * Called before each use of a connection that keeps its plans: makes it forget them after 1, 2, 4, 8 … uses.
 * While a platform is young its tables grow from empty to thousands of rows between two analyses of autovacuum.
 * Of an empty table it costs as much to read any index from end to end as to look up a key, and a plan that was
 * made then would do so for good: seconds a flush, with all its locks held.
 */
export function planAnew(client: pg.ClientBase): void {
  const count = (uses.get(client) ?? 0) + 1;
  uses.set(client, count);
  const isPowerOfTwo = (count & (count - 1)) === 0;
  // Not waited for: what follows on this connection fails as well if this does.
  if (isPowerOfTwo) client.query('DISCARD PLANS').catch(() => {});
}
