/**
 * The process in which pg_dump runs, compiled to WebAssembly. It is a program of the C language, which waits for each answer of
 * the server: this process sleeps meanwhile, and the one that started it talks to the server (pg-dump-in-process.ts). It
 * has no secrets, no connection and no environment, and the 64 MiB of the program's memory end with it. When the process that
 * started it is gone, reading its answer fails, and so this one ends.
 */
import { readSync, writeSync } from 'node:fs';
import { pgDump } from '@electric-sql/pglite-tools/pg_dump';

/** The socket to the process that started this one. Reading it waits. */
const channel = 3;

function send(kind: string, content: Uint8Array): void {
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeUInt32BE(content.length, 1);
  for (const part of [head, content])
    for (let at = 0; at < part.length;) at += writeSync(channel, part, at, part.length - at);
}

function receive(count: number): Buffer {
  const taken = Buffer.alloc(count);
  for (let at = 0; at < count;) {
    const read = readSync(channel, taken, at, count - at, null);
    if (read === 0) process.exit(1);
    at += read;
  }
  return taken;
}

/** What the package asks of its own database beside pg_dump's bytes: here there is nothing to set or to put back. */
const server = {
  query: () => Promise.resolve({ rows: [{ search_path: '' }] }),
  exec: () => Promise.resolve([]),
  execProtocolRawStream(
    bytes: Uint8Array,
    { onRawData }: { onRawData: (data: Uint8Array) => void },
  ) {
    send('q', bytes);
    const answer = receive(receive(4).readUInt32BE());
    if (answer.length > 0) onRawData(answer);
    return Promise.resolve();
  },
};

/*
 * The package takes each line out of the text that begins with \restrict or \unrestrict, wherever it stands: in a condition, a query or a
 * function, too. Here nothing is taken out; `withoutRestrict` takes the two commands alone.
 */
const replace = Object.getOwnPropertyDescriptor(RegExp.prototype, Symbol.replace)!;
// oxlint-disable-next-line no-extend-native -- the program has a process of its own, and offers no other way
Object.defineProperty(RegExp.prototype, Symbol.replace, {
  ...replace,
  value(this: RegExp, ...of: [string, string]): string {
    const isThat = this.source.includes('restrict\\b');
    return isThat ? of[0] : (replace.value as (...of: [string, string]) => string).apply(this, of);
  },
});

try {
  const file = await pgDump({
    pg: server as unknown as Parameters<typeof pgDump>[0]['pg'],
    args: process.argv.slice(2),
  });
  send('t', new Uint8Array(await file.arrayBuffer()));
} catch (error) {
  send('e', Buffer.from(error instanceof Error ? error.message : String(error)));
}
