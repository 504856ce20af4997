/**
 * The thread in which pg_dump runs, compiled to WebAssembly. It is a program of the C language, which waits for each answer of
 * the server: this thread sleeps meanwhile, and the thread that made it talks to the server (pg-dump-in-thread.ts).
 */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';
import { messageOf } from '../../ground/errors.ts';

const { port, signal, args } = workerData as {
  port: MessagePort;
  signal: SharedArrayBuffer;
  args: string[];
};
const answered = new Int32Array(signal);

/** Sends what pg_dump has written to its server, and sleeps until the answer is there. */
function ask(bytes: Uint8Array): Uint8Array {
  Atomics.store(answered, 0, 0);
  port.postMessage({ bytes: bytes.slice() });
  Atomics.wait(answered, 0, 0);
  return (receiveMessageOnPort(port) as { message: Uint8Array }).message;
}

/** What the package asks of its own database beside pg_dump's bytes: here there is nothing to set or to put back. */
const server = {
  query: () => Promise.resolve({ rows: [{ search_path: '' }] }),
  exec: () => Promise.resolve([]),
  execProtocolRawStream(
    bytes: Uint8Array,
    { onRawData }: { onRawData: (data: Uint8Array) => void },
  ) {
    const answer = ask(bytes);
    if (answer.length > 0) onRawData(answer);
    return Promise.resolve();
  },
};

// Keeps the thread alive until it is ended: at its own end it could take a message with it that was not delivered.
port.on('message', () => {});
try {
  const file = await pgDump({ pg: server as unknown as Parameters<typeof pgDump>[0]['pg'], args });
  port.postMessage({ text: await file.text() });
} catch (error) {
  port.postMessage({ error: messageOf(error) });
}
