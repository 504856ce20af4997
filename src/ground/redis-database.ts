/**
 * The number of the database that an address of Redis names, behind its host or as its parameter `db`; 0 where it
 * names none, null where that is no number. `redisUrl` is a URL.
 */
export function redisDatabaseIn(redisUrl: string): number | null {
  const { pathname, searchParams } = new URL(redisUrl);
  const named = pathname.slice(1) || (searchParams.get('db') ?? '0');
  return /^\d{1,9}$/.test(named) ? Number(named) : null;
}
