/**
 * Dumps the schema with the pg_dump of `@electric-sql/pglite-tools`, which is compiled to WebAssembly: no program of the machine
 * is needed. It runs in a thread of its own, and speaks PostgreSQL's protocol through a connection that `pg` has opened, with
 * TLS and password as everywhere.
 *
 * The thread's startup message never reaches the server: it is answered here, because the connection is open already.
 * Protocol: https://www.postgresql.org/docs/current/protocol-flow.html
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { MessageChannel, Worker } from 'node:worker_threads';
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

/** The text of the schema. Throws {@link SchemaDumpError}; aborting `signal` ends the thread and the connection. */
export async function pgDumpInThread(
  url: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const connections = pool(url, { max: 1, name: 'roundsman backup', statementTimeoutMs: 0 });
  const client = await connections.connect();
  const socket = (client as unknown as { connection: { stream: Socket } }).connection.stream;
  const { port1: port, port2 } = new MessageChannel();
  const shared = new SharedArrayBuffer(4);
  const answered = new Int32Array(shared);
  const worker = new Worker(moduleBeside('./pg-dump-thread', import.meta.url), {
    workerData: { port: port2, signal: shared, args },
    transferList: [port2],
    argv: [],
    // pg_dump reads PGOPTIONS and the like from its environment, which must not change what it dumps.
    env: {},
    stdin: true,
  });
  try {
    const greeting = await greetingOf(client);
    socket.removeAllListeners('data');
    const answer = (bytes: Buffer) => {
      port.postMessage(bytes);
      Atomics.store(answered, 0, 1);
      Atomics.notify(answered, 0);
    };
    readRounds(socket, answer);
    return await new Promise<string>((resolve, reject) => {
      const take = startConversation(greeting, answer, (bytes) => socket.write(bytes));
      const stop = () => reject(signal.reason as Error);
      if (signal.aborted) return stop();
      signal.addEventListener('abort', stop, { once: true });
      port.on('message', (said: { bytes?: Uint8Array; text?: string; error?: string }) => {
        try {
          if (said.bytes) take(said.bytes);
          else if (said.text !== undefined) resolve(said.text);
          else reject(new SchemaDumpError(said.error ?? 'it ended without a word'));
        } catch (error) {
          reject(error as Error);
        }
      });
      worker.on('error', (error) => reject(new SchemaDumpError(String(error))));
      worker.on('exit', () => reject(new SchemaDumpError('its thread has ended')));
      socket.on('close', () => reject(new SchemaDumpError('the connection was lost')));
    });
  } finally {
    port.close();
    const ended = worker.threadId === -1 ? null : once(worker, 'exit').catch(() => {});
    await worker.terminate();
    await ended;
    client.release(true);
    await connections.end();
  }
}
