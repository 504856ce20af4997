import type pg from 'pg';

/** When the plans of a connection were made first, and when they have served their time, by performance.now(). */
const plans = new WeakMap<pg.ClientBase, { since: number; until: number }>();

const firstMs = 1_000;

/**
 * Called before each use of a connection that keeps its plans: makes it forget them when they are 1, 2, 4, 8 …
 * seconds old. While a platform is young its tables grow from empty to thousands of rows between two analyses of
 * autovacuum. Of an empty table it costs as much to read any index from end to end as to look up a key, and a
 * plan that was made then would do so for good: seconds a flush, with all its locks held.
 */
export function planAnew(client: pg.ClientBase): void {
  const now = performance.now();
  const known = plans.get(client);
  if (!known) return void plans.set(client, { since: now, until: now + firstMs });
  if (now < known.until) return;
  known.until = known.since + 2 * (now - known.since);
  // Not waited for: what follows on this connection fails as well if this does.
  client.query('DISCARD PLANS').catch(() => {});
}
