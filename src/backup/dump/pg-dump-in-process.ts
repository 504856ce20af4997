/**
 * Dumps the schema with the pg_dump of `@electric-sql/pglite-tools`, which is compiled to WebAssembly: no program of the machine
 * is needed. It runs in a process of its own, whose memory is free before rows are read, and speaks PostgreSQL's protocol through
 * a connection that `pg` has opened here, with TLS and password as everywhere.
 *
 * Its startup message never reaches the server: it is answered here, because the connection is open already.
 * Protocol: https://www.postgresql.org/docs/current/protocol-flow.html
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { pool } from '../../database/connect.ts';
import { moduleBeside } from '../../ground/module-beside.ts';
import { SchemaDumpError } from './schema-dump-error.ts';

const codes = { ssl: 80_877_103, gss: 80_877_104 };
const [query, terminate, ready] = [0x51, 0x58, 0x5a];

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};

/** The parameters that a server reports at the beginning of a connection, and libpq relies on. */
const reported = ['server_version', 'server_encoding', 'client_encoding', 'is_superuser'].concat(
  ['session_authorization', 'DateStyle', 'IntervalStyle', 'TimeZone'],
  ['integer_datetimes', 'standard_conforming_strings'],
);

/** What a server says after a login: it is done, these are the parameters, and it waits for a query. */
async function greetingOf(client: pg.ClientBase): Promise<Buffer> {
  const { rows } = await client.query<{ name: string; value: string | null }>(
    'SELECT name, current_setting(name, true) AS value FROM unnest($1::text[]) AS name',
    [reported],
  );
  const parameters = rows.map(({ name, value }) =>
    message('S', Buffer.from(`${name}\0${value ?? ''}\0`)),
  );
  const authenticated = message('R', Buffer.alloc(4));
  return Buffer.concat([
    authenticated,
    ...parameters,
    message('K', Buffer.alloc(8)),
    message('Z', Buffer.from('I')),
  ]);
}

/** Calls `onRound` with all that the server has sent up to the moment at which it waits for the next query. */
function readRounds(socket: Socket, onRound: (answer: Buffer) => void): void {
  let chunks: Buffer[] = [];
  // How many bytes of the present message are still to come, and the beginning of a header that is not whole.
  let [missing, head, type] = [0, Buffer.alloc(0), 0];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    for (let at = 0; at < chunk.length;) {
      if (missing > 0) {
        const step = Math.min(missing, chunk.length - at);
        missing -= step;
        at += step;
      } else {
        const more = chunk.subarray(at, at + 5 - head.length);
        head = Buffer.concat([head, more]);
        at += more.length;
        if (head.length < 5) continue;
        [type, missing] = [head[0]!, head.readInt32BE(1) - 4];
        head = Buffer.alloc(0);
      }
      if (missing === 0 && head.length === 0 && type === ready && at === chunk.length) {
        type = 0;
        onRound(Buffer.concat(chunks));
        chunks = [];
      }
    }
  });
}

/** What pg_dump writes, cut into messages. `answer` gives it bytes of the server, `send` passes a query on. */
function startConversation(
  greeting: Buffer,
  answer: (bytes: Buffer) => void,
  send: (bytes: Buffer) => void,
) {
  let waiting = Buffer.alloc(0);
  let isStarted = false;
  const nothing = Buffer.alloc(0);
  return (bytes: Uint8Array): void => {
    waiting = Buffer.concat([waiting, bytes]);
    if (!isStarted) {
      if (waiting.length < 8 || waiting.length < waiting.readInt32BE(0)) return answer(nothing);
      const code = waiting.readInt32BE(4);
      waiting = waiting.subarray(waiting.readInt32BE(0));
      if (code === codes.ssl || code === codes.gss) return answer(Buffer.from('N'));
      isStarted = true;
      return answer(greeting);
    }
    // libpq may pass a long query on in several pieces.
    if (waiting.length < 5 || waiting.length < waiting.readInt32BE(1) + 1) return answer(nothing);
    const whole = waiting.subarray(0, waiting.readInt32BE(1) + 1);
    waiting = waiting.subarray(whole.length);
    if (whole[0] === terminate) return answer(nothing);
    if (whole[0] !== query)
      throw new SchemaDumpError(`it sent a message of an unexpected kind (${whole[0]})`);
    send(whole);
  };
}

/** Calls `onMessage` with what pg-dump-process.ts sends: one letter that says what it is, and the bytes. */
function readMessages(socket: Socket, onMessage: (kind: string, content: Buffer) => void): void {
  let chunks: Buffer[] = [];
  let [size, expected] = [0, 5];
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    while (size >= expected) {
      const all = Buffer.concat(chunks);
      const end = all.readUInt32BE(1) + 5;
      if (all.length >= end) onMessage(all.toString('latin1', 0, 1), all.subarray(5, end));
      const rest = all.subarray(all.length >= end ? end : 0);
      [chunks, size] = [[rest], rest.length];
      expected = rest.length >= 5 ? rest.readUInt32BE(1) + 5 : 5;
    }
  });
}

const entry = fileURLToPath(moduleBeside('./pg-dump-process', import.meta.url));

/** Measured: to optimise a program that runs for a second takes 50 MB, and longer than it saves. */
const flags = ['--liftoff-only'];

/** Node's exit code for a flag that it does not know. */
const badFlag = 9;

class UnknownFlagError extends Error {}

/** The text of the schema. Throws {@link SchemaDumpError}; aborting `signal` ends the process and the connection. */
export const pgDumpInProcess = (
  url: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> =>
  dump(url, [...flags, entry, ...args], signal).catch((error: unknown) => {
    if (!(error instanceof UnknownFlagError)) throw error;
    return dump(url, [entry, ...args], signal);
  });

async function dump(url: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const connections = pool(url, { max: 1, name: 'roundsman backup', statementTimeoutMs: 0 });
  const client = await connections.connect();
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  // pg_dump reads PGOPTIONS and the like from its environment, which must not change what it dumps. Its group is its own, so that
  // Ctrl-C reaches this process alone, which then ends it.
  const child = spawn(process.execPath, args, {
    env: {},
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const ended = once(child, 'close').catch(() => {});
  const channel = child.stdio[3] as Socket;
  let complaints = '';
  child.stderr!.on(
    'data',
    (data: Buffer) => (complaints = `${complaints}${String(data)}`.slice(-2_000)),
  );
  try {
    const greeting = await greetingOf(client);
    socket.removeAllListeners('data');
    const answer = (bytes: Buffer) => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(bytes.length);
      channel.write(head);
      channel.write(bytes);
    };
    readRounds(socket, answer);
    return await new Promise<string>((resolve, reject) => {
      const take = startConversation(greeting, answer, (bytes) => socket.write(bytes));
      const stop = () => reject(signal.reason as Error);
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      readMessages(channel, (kind, content) => {
        try {
          if (kind === 'q') take(content);
          else if (kind === 't') resolve(content.toString());
          else reject(new SchemaDumpError(content.toString() || 'it ended without a word'));
        } catch (error) {
          reject(error as Error);
        }
      });
      channel.on('error', () => {});
      child.on('error', (error) => reject(new SchemaDumpError(String(error))));
      child.on('close', (code) =>
        reject(
          code === badFlag && args[0] !== entry
            ? new UnknownFlagError(complaints)
            : new SchemaDumpError(
                `its process has ended${complaints ? `: ${complaints.trim()}` : ''}`,
              ),
        ),
      );
      socket.on('close', () => reject(new SchemaDumpError('the connection was lost')));
    });
  } finally {
    child.kill('SIGKILL');
    await ended;
    client.release(true);
    await connections.end();
  }
}
