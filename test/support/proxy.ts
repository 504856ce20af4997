/** A TCP proxy that can lose connections without closing them, like a firewall that has forgotten them. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Proxy {
  /** the given URL, by way of the proxy */
  url: string;
  /**
   * Stops carrying data on all open connections, which stay open; new connections work. Returns how many connections it
   * froze.
   */
  freeze(): number;
  /** Leads new connections to this server; open ones stay with the old server. */
  leadTo(url: string): void;
  /** Accepts new connections, but carries no data on them; the next `carried` connections still work. */
  swallow(carried?: number): void;
  /** Resolves when the first connection has come on which no data is carried. */
  swallowed: Promise<void>;
}

export async function openProxy(url: string): Promise<Proxy> {
  let target = new URL(url);
  const pairs = new Set<[Socket, Socket]>();
  let carries = Infinity;
  const swallowed = Promise.withResolvers<void>();
  const server = createServer((client) => {
    carries -= 1;
    if (carries < 0) {
      swallowed.resolve();
      return void client.on('error', () => {}).resume();
    }
    const upstream = connect(Number(target.port), target.hostname);
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    client.pipe(upstream).pipe(client);
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]])
      one
        .on('error', () => {})
        .on('close', () => {
          pairs.delete(pair);
          other.destroy();
        });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  });
  const through = new URL(url);
  through.hostname = '127.0.0.1';
  through.port = String((server.address() as AddressInfo).port);
  return {
    url: through.href,
    leadTo: (other) => void (target = new URL(other)),
    swallow: (carried = 0) => void (carries = carried),
    swallowed: swallowed.promise,
    freeze() {
      for (const [client, upstream] of pairs) {
        client.unpipe(upstream);
        upstream.unpipe(client);
        // Data that arrives is read and dropped, so the sender believes that it was received.
        for (const socket of [client, upstream]) socket.removeAllListeners('end').resume();
      }
      const { size } = pairs;
      pairs.clear();
      return size;
    },
  };
}
