/** A real SMTP server on loopback that keeps what it took, and refuses as it is told. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { onTestFinished } from 'vitest';

export interface TakenMail {
  from: string;
  to: string[];
  raw: string;
  secure: boolean;
  user: string | null;
}

/** An answer that is not 250: its code and text. */
export const answerOf = (responseCode: number, text: string): Error =>
  Object.assign(new Error(text), { responseCode });

interface Refusals {
  mail?: Error;
  /** by the address of the recipient */
  rcpt?: Record<string, Error>;
  data?: Error;
  auth?: Error;
}

export async function smtpServer(options: SMTPServerOptions = {}, refusals: Refusals = {}) {
  const taken: TakenMail[] = [];
  const sockets = { open: 0 };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key ? [] : ['STARTTLS'],
    hideSize: true,
    logger: false,
    onConnect(_, done) {
      sockets.open += 1;
      done();
    },
    onClose() {
      sockets.open -= 1;
    },
    onAuth({ username }, _, done) {
      if (refusals.auth) return done(refusals.auth);
      done(null, { user: username });
    },
    onMailFrom: (_, _session, done) => done(refusals.mail),
    onRcptTo: ({ address }, _, done) => done(refusals.rcpt?.[address]),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refusals.data) return done(refusals.data);
        const { mailFrom, rcptTo } = session.envelope;
        taken.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString(),
          secure: session.secure,
          user: (session.user as string | undefined) ?? null,
        });
        done();
      });
    },
    ...options,
  });
  // Clients that give up a connection are no failure of a test.
  server.on('error', () => {});
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  onTestFinished(() => new Promise<void>((done) => void server.close(() => done())));
  const { port } = server.server.address() as AddressInfo;
  return { port, taken, sockets };
}

/**
 * A server that says the first lines as they are given, one for each line of the client, and then does what is told with
 * the connection.
 */
export async function scriptedServer(
  answers: string[],
  then: 'cut' | 'stay silent' | 'drip',
): Promise<{ port: number; heard: string[] }> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let at = 0;
    let inData = false;
    const next = () => {
      if (at < answers.length) {
        const line = answers[at]!;
        inData = line.startsWith('354');
        socket.write(`${line}\r\n`);
        at += 1;
      } else if (then === 'cut') socket.destroy();
      else if (then === 'drip') {
        const dripping = setInterval(() => socket.write('2'), 20);
        socket.on('close', () => clearInterval(dripping));
      }
    };
    let rest = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      rest += chunk.toString();
      // The mail ends with a dot, everything else with its line.
      for (;;) {
        const end = inData ? rest.indexOf('\r\n.\r\n') : rest.indexOf('\r\n');
        if (end === -1) return;
        heard.push(rest.slice(0, end));
        rest = rest.slice(end + (inData ? 5 : 2));
        inData = false;
        next();
      }
    });
    next();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, heard };
}
