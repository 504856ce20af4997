/**
 * The database number in a Redis address, after its host or as its parameter `db`; 0 where the address has none, null
 * where it is not a number. `redisUrl` is a URL.
 */
export function redisDatabaseIn(redisUrl: string): number | null {
  const { pathname, searchParams } = new URL(redisUrl);
  const named = pathname.slice(1) || (searchParams.get('db') ?? '0');
  return /^\d{1,9}$/.test(named) ? Number(named) : null;
}
