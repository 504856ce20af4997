/**
 * A snapshot with all that says what the database consists of, as it was at one moment. Tables are locked; where something else was
 * dropped or changed while it was read, as by a migration that commits meanwhile, what was read may not fit together: it is read again.
 */
import { connectAlone } from '../database/connect.ts';
import { comparable, dumperFor, type Section } from './dump/dump-schema.ts';
import { changedBetween, readDefinitions } from './read/definitions.ts';
import { ChangedBeforeBackupError, openHeld, type Held } from './read/held.ts';
import { readRoles } from './read/roles.ts';
import { readSequences } from './read/sequences.ts';
import { readServer } from './read/server.ts';
import { readSettings, readViews } from './read/surroundings.ts';

type Schema = Awaited<ReturnType<typeof readSchema>>;

const maxTries = 5;

/**
 * Aborting `signal` ends it. Throws {@link ChangedBeforeBackupError} where it could not be read because of changes. Where it could each
 * time, and something was changed each time, it returns the last one: the proof tells whether it fits. `end()` the snapshot.
 */
export async function holdSchema(
  url: string,
  signal: AbortSignal,
): Promise<{ held: Held; schema: Schema }> {
  for (let tries = 1; ; tries += 1) {
    const held = await openHeld(url, signal);
    const stop = () => held.snapshot.end();
    signal.addEventListener('abort', stop, { once: true });
    try {
      const before = await readDefinitions(held.snapshot.client);
      const read = await readSchema(held, url, signal).then(
        (schema) => ({ schema }),
        (error: unknown) => ({ error }),
      );
      signal.throwIfAborted();
      const changed = changedBetween(before, await readNow(url));
      const isLast = tries === maxTries;
      if ('schema' in read && (changed.length === 0 || isLast)) return { held, ...read };
      if ('error' in read && changed.length === 0) throw read.error;
      if ('error' in read && isLast) throw changedEachTime(changed, read.error);
      held.snapshot.end();
    } catch (error) {
      held.snapshot.end();
      // An abort closes the connections, and the error that this makes would say nothing of the reason.
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

async function readSchema({ snapshot, inventory }: Held, url: string, signal: AbortSignal) {
  const { client } = snapshot;
  const server = await readServer(client);
  const dumper = await dumperFor(server.major);
  const args = inventory.dumperArguments;
  const dump = async (section: Section) =>
    comparable(await dumper.dump(url, section, { args, snapshot: snapshot.id, signal }));
  return {
    server,
    dumper: dumper.name,
    preData: await dump('pre-data'),
    postData: await dump('post-data'),
    roles: await readRoles(client),
    settings: await readSettings(client),
    sequences: await readSequences(client),
    views: await readViews(client),
  };
}

async function readNow(url: string): Promise<Map<string, string>> {
  const client = await connectAlone(url, { name: 'roundsman backup' });
  try {
    return await readDefinitions(client);
  } finally {
    await client.end().catch(() => {});
  }
}

const changedEachTime = (changed: readonly string[], cause: unknown) =>
  new ChangedBeforeBackupError(
    {
      what: 'no backup was made',
      why: `definitions were changed or dropped each time that they were read, at last ${changed.slice(0, 5).join(', ')}`,
      hint: 'wait until the migrations of that database have ended, and try again',
    },
    { cause },
  );
