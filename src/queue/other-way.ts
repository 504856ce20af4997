/** Whether a Redis that could not be spoken to would be heard the other way: with TLS in place of without, or without. */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const withinMs = 2_000;

/** Resolves with what answers in the other way than this address's, or null. Never rejects. */
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
    // Whose certificate it is does not matter here: nothing is said to it.
    socket = isPlain
      ? connectTls({ ...at, rejectUnauthorized: false }, () => answer(true))
      : connectPlain(at, () => socket.write('PING\r\n'));
    if (!isPlain) socket.once('data', (data) => answer(/^[+-]/.test(data.toString())));
    socket.setTimeout(withinMs, () => answer(false));
    socket.once('error', () => answer(false)).once('close', () => answer(false));
  });
}
