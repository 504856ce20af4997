/** Opens the connection to a mail server, at the first of its addresses that answers. */
import { isIP, connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { connectionOptions, type Addresses } from '../../outbound/resolve.ts';
import { asciiHost, type EmailConfig } from './config.ts';

/** The oldest version that current mail servers need. */
export const tlsOptions = { minVersion: 'TLSv1.2' } as const;

/** The name that the server's certificate has to be for; none where the host is an address, which is compared itself. */
export const nameOfServer = (host: string): string | undefined =>
  isIP(host) === 0 ? asciiHost(host)! : undefined;

/**
 * Connects to the addresses that the outbound check allowed; the certificate is checked against the host's name. With `tls` the
 * connection is encrypted when this resolves. Rejects with the error of the connection, or with the signal's reason.
 */
export async function openSocket(
  { host, port, security }: Pick<EmailConfig, 'host' | 'port' | 'security'>,
  addresses: Addresses,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted();
  const servername = nameOfServer(host);
  const target = { ...connectionOptions(addresses), host: servername ?? host, port };
  const isTls = security === 'tls';
  const socket = isTls
    ? connectTls({ ...target, ...tlsOptions, ...(servername !== undefined && { servername }) })
    : connect(target);
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener('abort', stop);
  socket.once(isTls ? 'secureConnect' : 'connect', () => resolve(socket));
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed')));
  try {
    return await promise;
  } catch (error) {
    // Without a listener a later error would end the process.
    socket.on('error', () => {}).destroy();
    throw inOne(error);
  } finally {
    signal.removeEventListener('abort', stop);
    socket.removeAllListeners('error').removeAllListeners('close');
  }
}

/** Of several addresses each has its own error, and the error that holds them has no words. */
function inOne(error: unknown): unknown {
  if (!(error instanceof AggregateError)) return error;
  const messages = error.errors.map((each: Error) => each.message);
  return Object.assign(new Error([...new Set(messages)].join('; '), { cause: error }), {
    code: (error as { code?: string }).code,
  });
}
