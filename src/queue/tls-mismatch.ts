/**
 * Finds out why Redis does not answer at an address: it may speak TLS although the address says that it does not, or the
 * reverse.
 */
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const timeoutMs = 2_000;

/** Resolves with the way in which the server answers if the address says the opposite, else with null. Never rejects. */
export function findTlsMismatch(redisUrl: string): Promise<'with TLS' | 'without TLS' | null> {
  const { protocol, hostname, port } = new URL(redisUrl);
  const host = hostname.replace(/^\[(.+)\]$/, '$1');
  const address = { host, port: Number(port || 6379) };
  const isPlain = protocol === 'redis:';
  return new Promise((resolve) => {
    let socket: Socket;
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered ? (isPlain ? 'with TLS' : 'without TLS') : null);
    };
    // The certificate is not checked, because nothing is sent.
    socket = isPlain
      ? connectTls({ ...address, rejectUnauthorized: false }, () => end(true))
      : connectPlain(address, () => socket.write('PING\r\n'));
    if (!isPlain) socket.once('data', (data) => end(/^[+-]/.test(data.toString())));
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once('error', () => end(false)).once('close', () => end(false));
  });
}
