/**
 * When Redis does not answer at an address: whether it answers with TLS where the address says without, or the reverse.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const withinMs = 2_000;

/** Resolves with the way in which the server answers, if the address says the other one; else null. Never rejects. */
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
