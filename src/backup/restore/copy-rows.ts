/** Gives rows of a backup to COPY, again where the database refuses them at first. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { contentOf, type Entry } from '../archive/tar.ts';
import type { deferredChecks } from './deferred-checks.ts';
import { failed } from './failed.ts';
import { rollBackTo } from './refuse-end.ts';
import { isUnresolved, withSearchPath } from './search-path.ts';

/** Within the client's transaction, which goes on after a refusal. Throws RestoreFailedError for rows that it does not take. */
export function copier(
  client: pg.ClientBase,
  signal: AbortSignal,
  checks: ReturnType<typeof deferredChecks>,
) {
  const once = async (statement: string, entry: Entry): Promise<unknown> => {
    signal.throwIfAborted();
    await client.query('SAVEPOINT attempt');
    try {
      await pipeline(Readable.from(contentOf(entry).pieces), client.query(copyFrom(statement)));
      await client.query('RELEASE SAVEPOINT attempt');
      return null;
    } catch (error) {
      signal.throwIfAborted();
      await rollBackTo(client, 'attempt');
      return error;
    }
  };
  return async (statement: string, entry: Entry): Promise<void> => {
    let error = await once(statement, entry);
    // A condition may read tables whose rows come later. Each round puts one off.
    while (error !== null && (await checks.putOff(error))) error = await once(statement, entry);
    if (error !== null && isUnresolved(error)) {
      const [, schema] = /^COPY "((?:[^"]|"")+)"\./.exec(statement) ?? [];
      error = await withSearchPath(client, schema?.replaceAll('""', '"'), () =>
        once(statement, entry),
      );
    }
    if (error !== null) throw failed(statement, error);
  };
}
