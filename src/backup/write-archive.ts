/**
 * The archive of a backup, as a stream: the schema, the rows of every table in one snapshot, sequences, large objects, and last
 * the manifest. Its files stand in the order in which they are restored.
 */
import { createHash, type Hash } from 'node:crypto';
import type { BackedUpTable, Manifest, Reference } from './archive/manifest.ts';
import { rowSums, wholeRows } from './archive/row-sums.ts';
import { holdOrSpool } from './archive/spool.ts';
import { tarEnd, tarEntry, type Entry } from './archive/tar.ts';
import { holdSchema } from './hold-schema.ts';
import { inParallel } from './in-parallel.ts';
import { readme } from './readme.ts';
import { leftOutOfExtensions } from './read/extension-rows.ts';
import type { TableToRead } from './read/inventory.ts';
import { readLargeObjects } from './read/large-objects.ts';
import { readExtensions, readForeignKeys, readViewSums } from './read/surroundings.ts';
import { columnsOf, keysOf, nameOf, readTable } from './read/table.ts';

export interface ArchiveOptions {
  id: string;
  url: string;
  signal: AbortSignal;
  /** called with the rows read so far, and the table */
  onRows?: ((rows: number, table: string) => void) | undefined;
}

/** How many tables are read at the same time. */
const readers = 2;

/** A file with rows has this many bytes, or a row more. */
const partBytes = 1024 * 1024;

const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

/** The directory of a table in the archive: numbers keep names apart that lose their odd characters. */
const directoryOf = ({ schema, name }: TableToRead, index: number): string =>
  `data/${String(index + 1).padStart(4, '0')}-${`${schema}.${name}`.replaceAll(/[^\w.-]/g, '_').slice(0, 60)}`;

const part = (number: number): string => String(number).padStart(6, '0');

/** Bytes of a tar archive. `onManifest` is called with what it says of itself, before its last bytes. */
export async function* writeArchive(
  options: ArchiveOptions,
  onManifest: (manifest: Manifest) => void,
): AsyncGenerator<Buffer> {
  const seconds = Math.floor(Date.now() / 1000);
  const whole = await holdSchema(options.url, options.signal);
  const { snapshot } = whole.held;
  const stop = () => snapshot.end();
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    options.signal.throwIfAborted();
    for await (const entry of filesOf(whole, options, onManifest)) {
      try {
        options.signal.throwIfAborted();
        yield* tarEntry(entry, seconds);
      } finally {
        await entry.spooled?.release();
      }
    }
    yield tarEnd();
  } catch (error) {
    // An abort closes the connections, and the error that this makes would say nothing of the reason.
    options.signal.throwIfAborted();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', stop);
    snapshot.end();
  }
}

async function* filesOf(
  { held: { snapshot, inventory }, schema }: Awaited<ReturnType<typeof holdSchema>>,
  { id, onRows }: ArchiveOptions,
  onManifest: (manifest: Manifest) => void,
): AsyncGenerator<Entry> {
  const { client } = snapshot;
  const files: Manifest['files'] = [];
  const file = (name: string, data: Buffer): Entry => {
    files.push({ name, bytes: data.length, sha256: sha256(data) });
    return { name, data };
  };
  const text = (name: string, lines: readonly string[]) =>
    file(name, Buffer.from(lines.map((line) => `${line}\n`).join('')));

  const tables = inventory.tables.map((table, index) => ({
    ...table,
    directory: directoryOf(table, index),
  }));
  yield file('README.txt', Buffer.from(readme));
  yield text('roles.sql', schema.roles);
  yield text('settings.sql', schema.settings);
  yield file('pre-data.sql', Buffer.from(schema.preData));
  yield text('tables.json', [
    JSON.stringify(
      tables.map((table) => ({
        directory: table.directory,
        // Where a row of a partitioned table belongs may depend on what differs there: numbers of an enum's labels, collations.
        copy: `COPY ${table.root ?? nameOf(table)} ${columnsOf(table)} FROM STDIN`,
      })),
    ),
  ]);

  const done: BackedUpTable[] = [];
  const idle = await Promise.all(Array.from({ length: readers }, () => snapshot.another()));
  let rows = 0;
  const sources = tables.map(
    (table) =>
      async function* (): AsyncGenerator<Entry> {
        const reader = idle.pop()!;
        const sums = rowSums();
        const hash = createHash('sha256');
        let [parts, bytes] = [0, 0];
        for await (const held of wholeRows(
          counted(readTable(reader, table), sums, hash),
          partBytes,
        )) {
          parts += 1;
          bytes += held.spooled?.bytes ?? held.data.length;
          onRows?.(rows + sums.result().rows, nameOf(table));
          yield { name: `${table.directory}/${part(parts)}.copy`, ...held };
        }
        idle.push(reader);
        const result = sums.result();
        rows += result.rows;
        done.push({ ...table, parts, bytes, ...result, sha256: hash.digest('hex') });
      },
  );
  yield* inParallel(sources, readers, (entry) => void entry.spooled?.release());

  const references: Reference[] = [];
  const inBackup = new Set(tables.map(nameOf));
  for (const key of await readForeignKeys(client)) {
    const outer = nameOf({ schema: key.referencedSchema, name: key.referencedTable });
    const own = { schema: key.schema, name: key.table };
    if (inBackup.has(outer) || !inBackup.has(nameOf(own))) continue;
    const name = `references/${part(references.length + 1)}.copy`;
    const { columns, ...reference } = key;
    const sums = rowSums();
    const hash = createHash('sha256');
    const held = await holdOrSpool(
      counted(keysOf(client, nameOf(own), columns), sums, hash),
      partBytes,
    );
    references.push({ ...reference, file: name, keys: sums.result().rows });
    const bytes = held.spooled?.bytes ?? held.data.length;
    files.push({ name, bytes, sha256: hash.digest('hex') });
    yield { name, ...held };
  }

  const objects = readLargeObjects(client);
  let pieces = 0;
  let waiting: string[] = [];
  let next = await objects.next();
  for (; !next.done; next = await objects.next()) {
    waiting.push(next.value);
    if (waiting.reduce((sum, { length }) => sum + length, 0) < partBytes) continue;
    yield text(`large-objects/${part((pieces += 1))}.sql`, waiting);
    waiting = [];
  }
  if (waiting.length > 0) yield text(`large-objects/${part((pieces += 1))}.sql`, waiting);
  const largeObjects = next.value;

  const { server, sequences, views } = schema;
  yield text('sequences.sql', sequences.statements);
  const { others, eventTriggers } = withoutEventTriggers(schema.postData);
  yield file('post-data.sql', Buffer.from(others));
  yield text(
    'refresh.sql',
    views.map((view) => `REFRESH MATERIALIZED VIEW ${view};`),
  );
  yield file('event-triggers.sql', Buffer.from(eventTriggers));

  const manifest: Manifest = {
    format: 'roundsman-backup',
    version: 1,
    id,
    takenAt: server.now.toISOString(),
    database: server.database,
    server: server.version,
    serverMajor: server.major,
    dumper: schema.dumper,
    dumperArguments: inventory.dumperArguments,
    extensions: await readExtensions(client),
    tables: done.toSorted((a, b) => (a.directory < b.directory ? -1 : 1)),
    sequences: sequences.statements.length,
    largeObjects,
    views,
    viewSums: await readViewSums(client, views),
    files,
    references,
    leftOut: [
      ...inventory.leftOut,
      ...(await leftOutOfExtensions(client, inventory.ofExtensions)),
      ...sequences.unreadable.map((object) => ({
        object: `the state of sequence ${object}`,
        why: 'the login may not read it',
      })),
      { object: 'passwords of roles', why: 'a restored role has none until one is set' },
    ],
  };
  onManifest(manifest);
  yield { name: 'manifest.json', data: Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`) };
}

/** pg_dump writes event triggers last. They would act on the statements that fill materialised views. */
function withoutEventTriggers(postData: string): { others: string; eventTriggers: string } {
  const at = postData.search(/^--\n-- Name: .*; Type: EVENT TRIGGER; Schema: -; /m);
  return at === -1
    ? { others: postData, eventTriggers: '' }
    : { others: postData.slice(0, at), eventTriggers: postData.slice(at) };
}

/** The same pieces, which are counted as they pass. */
async function* counted(
  pieces: AsyncIterable<Buffer>,
  sums: ReturnType<typeof rowSums>,
  hash: Hash,
): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    sums.add(piece);
    hash.update(piece);
    yield piece;
  }
}
