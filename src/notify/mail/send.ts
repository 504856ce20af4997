/** One mail over one connection of SMTP. */
import { Readable } from 'node:stream';
import type { NodemailerError } from 'nodemailer';
import { asciiHost, type EmailConfig } from './config.ts';
import type { Addresses } from '../../outbound/resolve.ts';
import type { Mail } from './compose.ts';
import { nameOfServer, openSocket, tlsOptions } from './open-socket.ts';

/** The server has not taken the mail, or it is not known whether it has. */
export class MailFailure extends Error {
  override readonly name = 'MailFailure';
  override readonly cause: NodemailerError;
  /** whether the server may have the whole mail: then only its answer is missing */
  readonly wasSent: boolean;

  constructor(cause: NodemailerError, wasSent: boolean) {
    super(cause.message, { cause });
    this.cause = cause;
    this.wasSent = wasSent;
  }
}

/** A recipient that the server refused, while it took others. */
export interface RefusedRecipient {
  address: string;
  answer: string;
  /** a 4xx answer: another try may succeed */
  isTemporary: boolean;
}

/** The server has taken the mail for all recipients but those that are returned. Throws {@link MailFailure}. */
export async function sendMail(
  { from, to, raw }: Mail,
  config: EmailConfig,
  { addresses, signal }: { addresses: Addresses; signal: AbortSignal },
): Promise<RefusedRecipient[]> {
  const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection');
  const { host, port, security, helo, user, password } = config;
  const stopped = (): Error =>
    new Error(`it was stopped: ${String(signal.reason)}`, { cause: signal.reason });
  const socket = await openSocket(config, addresses, signal).catch((error: unknown) => {
    throw new MailFailure(signal.aborted ? stopped() : (error as NodemailerError), false);
  });
  const connection = new SMTPConnection({
    connection: socket,
    secured: security === 'tls',
    host,
    port,
    servername: nameOfServer(host),
    ...(helo !== undefined && { name: asciiHost(helo)! }),
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: tlsOptions,
    // A connection that is given up is closed at once.
    socketCloseTimeout: 0,
    logger: false,
  });

  let wasSent = false;
  const { promise, resolve, reject } = Promise.withResolvers<RefusedRecipient[]>();
  const fail = (error: Error): void => {
    reject(new MailFailure(error, wasSent));
    connection.close();
  };
  const stop = (): void => fail(stopped());
  // This listener stays as long as the connection: an error event without a listener ends the process.
  connection.on('error', fail);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();

  const send = (): void => {
    // The body is read when the server has asked for it: a connection that ends before that has sent none of it.
    const body = Readable.from(
      (function* () {
        wasSent = true;
        yield raw;
      })(),
    );
    connection.send({ from, to, size: raw.length }, body, (error, info) => {
      if (error) return fail(error);
      resolve(
        (info.rejectedErrors ?? []).map((each) => ({
          address: each.recipient ?? '',
          answer: each.response ?? '',
          isTemporary: (each.responseCode ?? 0) >= 400 && each.responseCode! < 500,
        })),
      );
    });
  };

  if (!signal.aborted)
    connection.connect((error) => {
      if (error) return fail(error);
      if (user === undefined) return send();
      connection.login({ credentials: { user, pass: password } }, (refused) =>
        refused ? fail(refused) : send(),
      );
    });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    quit(connection);
  }
}

/** Ends the session with QUIT, and gives the server a second to answer. */
function quit(connection: { destroyed: boolean; quit(): void; close(): void }): void {
  if (connection.destroyed) return;
  connection.quit();
  setTimeout(() => connection.close(), 1_000).unref();
}
