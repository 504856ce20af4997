/**
 * The command with which an operator reaches the Redis of an address from a shell, for example
 * `redis-cli -h cache.example -p 6380 --tls --askpass`. redis-cli asks for the password, which is never shown. Without an
 * address, it is the Redis on this host.
 */
export function redisCli(redisUrl?: string): string {
  if (redisUrl === undefined || !URL.canParse(redisUrl)) return 'redis-cli';
  const { hostname, port, username, password, protocol, searchParams } = new URL(redisUrl);
  // A name with characters that a shell would interpret is left out; the operator fills it in.
  const plain = (text: string) => (/^[\w.:-]+$/.test(text) ? text : '...');
  return [
    `redis-cli -h ${plain(hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1')} -p ${port || '6379'}`,
    ...(protocol === 'rediss:' ? ['--tls'] : []),
    ...(username ? [`--user ${plain(decodeURIComponent(username))}`] : []),
    ...(password || searchParams.has('password') ? ['--askpass'] : []),
  ].join(' ');
}
