/** How an operator speaks to the Redis of an address from a shell. The password is asked for and stands nowhere. */

/** `redis-cli -h cache.example -p 6380 --tls --askpass`; without an address of the one here. */
export function redisCli(redisUrl?: string): string {
  if (redisUrl === undefined || !URL.canParse(redisUrl)) return 'redis-cli';
  const { hostname, port, username, password, protocol, searchParams } = new URL(redisUrl);
  // Whatever a shell would take for more than a name is left for the operator to write.
  const plain = (text: string) => (/^[\w.:-]+$/.test(text) ? text : '...');
  return [
    `redis-cli -h ${plain(hostname.replace(/^\[(.*)\]$/, '$1') || '127.0.0.1')} -p ${port || '6379'}`,
    ...(protocol === 'rediss:' ? ['--tls'] : []),
    ...(username ? [`--user ${plain(decodeURIComponent(username))}`] : []),
    ...(password || searchParams.has('password') ? ['--askpass'] : []),
  ].join(' ');
}
