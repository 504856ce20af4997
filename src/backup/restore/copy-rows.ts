/** Gives rows of a backup to COPY, again where the database refuses them at first. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { spool } from '../archive/spool.ts';
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
      if (!(await rollBackTo(client, 'attempt'))) throw failed(statement, error);
      return error;
    }
  };
  /** Null where all of its rows are there, else the error. */
  const attempt = async (statement: string, entry: Entry): Promise<unknown> => {
    let error = await once(statement, entry);
    // A condition may read tables whose rows come later. Each round puts one off.
    while (error !== null && (await checks.putOff(error))) error = await once(statement, entry);
    if (error === null || !isUnresolved(error)) return error;
    const [, schema] = /^COPY "((?:[^"]|"")+)"\./.exec(statement) ?? [];
    return withSearchPath(client, schema?.replaceAll('""', '"'), () => once(statement, entry));
  };
  const now = async (statement: string, entry: Entry): Promise<void> => {
    const error = await attempt(statement, entry);
    if (error !== null) throw failed(statement, error);
  };
  const later: { statement: string; entry: Entry }[] = [];
  return {
    now,
    /** Rows that name what is not there yet, as an index in a column of the type regclass, are copied by `waiting`. */
    async orLater(statement: string, entry: Entry): Promise<void> {
      const error = await attempt(statement, entry);
      if (error === null) return;
      if (!isUnresolved(error)) throw failed(statement, error);
      const { name, data } = entry;
      // Whoever reads the archive releases an entry's own file once.
      entry.spooled?.keep();
      const spooled = entry.spooled ?? (await spool(Readable.from([data], { objectMode: false })));
      later.push({ statement, entry: { name, data: Buffer.alloc(0), spooled } });
    },
    /** Copies what waits. Triggers and foreign keys are made after that, as they are for all other rows. */
    async waiting(): Promise<void> {
      for (const { statement, entry } of later) await now(statement, entry);
    },
    /** Releases what was kept. */
    async end(): Promise<void> {
      for (const { entry } of later.splice(0)) await entry.spooled?.release();
    },
  };
}

/** Whether a statement of post-data comes before the last rows: what acts on rows that are written, or refers to them, comes after. */
export const isBeforeRows = (statement: string): boolean =>
  !/^(?:\s|--[^\n]*\n)*(?:CREATE (?:OR REPLACE )?(?:CONSTRAINT )?(?:RULE|TRIGGER|POLICY)\b|ALTER TABLE [\s\S]*\b(?:FOREIGN KEY|ROW LEVEL SECURITY)\b)/.test(
    statement,
  );
