import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';
import { buildIndex, inSlices, type Entry, type KnowledgeIndex } from './knowledge-index.ts';

/** What is known of one database's knowledge. */
interface Known {
  version: string | null;
  index: KnowledgeIndex | null;
  /** the read of the table that is under way */
  reading: Promise<unknown>;
  /** the read that comes after `reading`; it begins later than any call that waits for it */
  next: Promise<KnowledgeIndex> | null;
}

const knownOf = new WeakMap<Db, Known>();

/**
 * The index of `bot_knowledge` as it is committed when this is called: the next match in this process sees an edit by another
 * process. Calls that come while the table is being read share the next read.
 */
export function currentIndex(db: Db): Promise<KnowledgeIndex> {
  let known = knownOf.get(db);
  if (!known)
    knownOf.set(
      db,
      (known = { version: null, index: null, reading: Promise.resolve(), next: null }),
    );
  const kept = known;
  kept.next ??= kept.reading
    .catch(() => {})
    .then(() => {
      kept.next = null;
      const read = refresh(db, kept);
      kept.reading = read;
      return read;
    });
  return kept.next;
}

/** The version of all patterns. A trigger of `bot_knowledge` increases it with every edit of a pattern, in the edit's transaction. */
const versionOf = sql<string>`(SELECT value::text FROM engine.settings WHERE key = 'knowledge_version')`;

async function refresh(db: Db, known: Known): Promise<KnowledgeIndex> {
  const { rows } = await sql<{ version: string }>`SELECT ${versionOf} AS version`.execute(db);
  if (known.index && rows[0]!.version === known.version) return known.index;
  const all = await sql<{ version: string; entries: Entry[] }>`
    SELECT ${versionOf} AS version,
           coalesce(json_agg(json_build_object('id', id, 'issue_pattern', issue_pattern) ORDER BY name), '[]') AS entries
    FROM bot_knowledge`.execute(db);
  const { version, entries } = all.rows[0]!;
  known.index = await inSlices(buildIndex(entries, known.index?.readings));
  known.version = version;
  return known.index;
}
