/** Enabled entries of knowledge whose playbook names a remedy that a catalogue does not have: they heal nothing. */
import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

export interface EntryWithoutRemedy {
  name: string;
  remedy: string;
}

/** `known`: the names of the catalogue's remedies. The first 100 by name. */
export async function entriesWithoutRemedy(
  db: Db,
  known: readonly string[],
): Promise<EntryWithoutRemedy[]> {
  const { rows } = await sql<EntryWithoutRemedy>`
    SELECT DISTINCT k.name, step[1] AS remedy
    FROM bot_knowledge k, regexp_matches(k.solution, '\\mremedy:\\s*["'']?([a-z0-9][a-z0-9.-]*)', 'g') AS step
    WHERE k.enabled AND k.removed_at IS NULL AND k.solution ~ '^\\s*steps:' AND step[1] <> ALL (${known}::text[])
    ORDER BY k.name, remedy LIMIT 100`.execute(db);
  return rows;
}
