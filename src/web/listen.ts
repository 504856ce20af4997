import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { settlesWithin } from '../ground/settles-within.ts';
import { openReceiver, type Receiver } from '../services/sources/receive.ts';
import { appOf } from './app.ts';
import { boundConnections } from './connections.ts';
import { limits as allLimits, type Limits } from './limits.ts';
import type { Route, WebDependencies } from './request/route.ts';

export interface ListenOptions extends Omit<WebDependencies, 'receiver'> {
  /** takes deliveries; one with `sources` unless given */
  receiver?: Receiver;
  host: string;
  /** 0 for any free one */
  port: number;
  limits?: Limits;
  routes?: readonly Route[];
}

export interface Listener {
  host: string;
  port: number;
  /** Takes no further connection, lets running requests end for `graceMs`, and closes what remains then. */
  close(graceMs?: number): Promise<void>;
}

const closeGraceMs = 5_000;

/** Listens on a port and answers the routes. Rejects with the error of `listen`, such as EADDRINUSE. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const limits = options.limits ?? allLimits;
  const { sources: secretSources, emit } = options;
  const receiver = options.receiver ?? openReceiver({ secretSources, emit });
  const app = appOf({ ...options, receiver }, limits, options.routes);
  const answer = getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // A request that Hono cannot read, such as one with a wrong Host.
    errorHandler: () => new Response(null, { status: 400 }),
  });
  const pending = new WeakMap<Socket, number>();
  const take = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    const count = (pending.get(socket) ?? 0) + 1;
    if (count > limits.requestsOfConnection) return void socket.destroy();
    noteRequest(incoming, outgoing);
    pending.set(socket, count);
    outgoing.once('close', () => pending.set(socket, (pending.get(socket) ?? 1) - 1));
    void answer(incoming, outgoing);
  };
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersMs,
    requestTimeout: limits.arrivalMs,
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersMs / 2),
  });
  const noteRequest = boundConnections(server, limits.connections);
  server.maxHeadersCount = limits.headers;
  server.on('request', take);
  // A sender that asks first is told at once when its body would be too large.
  server.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    if (!(Number(incoming.headers['content-length'] ?? 0) > limits.bodyBytes))
      outgoing.writeContinue();
    take(incoming, outgoing);
  });
  server.listen({ host: options.host, port: options.port });
  await once(server, 'listening');
  server.on('error', (error) => options.emit('web.failed', { err: error }));
  const { address, port } = server.address() as AddressInfo;
  return {
    host: address,
    port,
    async close(graceMs = closeGraceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if (await settlesWithin(graceMs, closed)) return;
      server.closeAllConnections();
      await closed;
    },
  };
}
