/**
 * When Redis does not answer as the address says: whether it answers the other way, with TLS instead of without, or
 * without instead of with.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const withinMs = 2_000;

/** Resolves with the way that the server answers, if it is not the way of this address; else null. Never rejects. */
export function heardOtherWay(redisUrl: string): Promise<'with TLS' | 'without TLS' | null> {
  const { protocol, hostname, port } = new URL(redisUrl);
  const host = hostname.replace(/^\[(.+)\]$/, '$1');
  const at = { host, port: Number(port || 6379) };
  const isPlain = protocol === 'redis:';
  return new Promise((resolve) => {
    let socket: Socket;
    const answer = (heard: boolean) => {
      socket.destroy();
      resolve(heard ? (isPlain ? 'with TLS' : 'without TLS') : null);
    };
    // The certificate is not checked here: nothing is sent.
    socket = isPlain
      ? connectTls({ ...at, rejectUnauthorized: false }, () => answer(true))
      : connectPlain(at, () => socket.write('PING\r\n'));
    if (!isPlain) socket.once('data', (data) => answer(/^[+-]/.test(data.toString())));
    socket.setTimeout(withinMs, () => answer(false));
    socket.once('error', () => answer(false)).once('close', () => answer(false));
  });
}
