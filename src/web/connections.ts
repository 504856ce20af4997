import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps at most `most` connections open at once. For one more, that one is closed which has gone longest without a whole request:
 * so a sender that holds connections open, and sends nothing or little, does not keep out those that send at once. A
 * connection whose request has arrived is never closed for another; when all have one, the new connection is closed.
 * Call the returned function with each request.
 */
export function boundConnections(
  server: Server,
  most: number,
): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  const open = new Set<Socket>();
  // Those of which no whole request is being answered; the one that has been so for longest is the first.
  const waiting = new Set<Socket>();
  // The last resort, should connections be slow to close.
  server.maxConnections = 2 * most;
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    waiting.add(socket);
    socket.once('close', () => [open, waiting].forEach((each) => each.delete(socket)));
    if (open.size <= most) return;
    const [first] = waiting;
    if (first) {
      for (const each of [open, waiting]) each.delete(first);
      first.destroy();
    }
  });
  /** how many requests of each connection have arrived and are not answered yet */
  const arrived = new WeakMap<Socket, number>();
  return (incoming, outgoing) => {
    const { socket } = incoming;
    let isWhole = false;
    incoming.once('end', () => {
      isWhole = true;
      arrived.set(socket, (arrived.get(socket) ?? 0) + 1);
      waiting.delete(socket);
    });
    outgoing.once('close', () => {
      if (isWhole) arrived.set(socket, arrived.get(socket)! - 1);
      if (open.has(socket) && !arrived.get(socket)) waiting.add(socket);
    });
  };
}
