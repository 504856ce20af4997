/** A TCP proxy that can stop carrying data without closing connections, as when a cable is pulled out. */
import { connect, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

export interface Proxy {
  port: number;
  /** Stops carrying data in both directions, without closing a connection. New connections are accepted and wait. */
  freeze(): void;
  /** Carries data again; every connection that was frozen is reset. */
  reset(): void;
  close(): void;
}

/**
 * @param from the local address of its connections, by which the server knows whose they are
 */
export async function openProxy(port: number, from: string): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket | null]>();
  let frozen = false;

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on('error', () => {});
    if (frozen) {
      client.pause();
      const waiting: [Socket, null] = [client, null];
      pairs.add(waiting);
      client.on('close', () => pairs.delete(waiting));
      return;
    }
    const options = { host: '127.0.0.1', port, localAddress: from, allowHalfOpen: true };
    const upstream = connect({ ...options, noDelay: true });
    const pair: [Socket, Socket] = [client, upstream];
    pairs.add(pair);
    carry(client, upstream);
    carry(upstream, client);
    for (const [one, other] of [pair, pair.toReversed() as [Socket, Socket]]) {
      one.on('error', () => other.resetAndDestroy());
      one.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
    }
  });

  function carry(one: Socket, other: Socket): void {
    one.on('data', (data) => {
      if (!other.write(data)) one.pause();
    });
    one.on('end', () => other.end());
    other.on('drain', () => {
      if (!frozen) one.resume();
    });
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      frozen = true;
      for (const pair of pairs) for (const socket of pair) socket?.pause();
    },
    reset() {
      frozen = false;
      for (const pair of pairs) for (const socket of pair) socket?.resetAndDestroy();
    },
    close() {
      server.close();
      for (const pair of pairs) for (const socket of pair) socket?.destroy();
    },
  };
}
