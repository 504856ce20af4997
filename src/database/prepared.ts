/**
 * Statements that take as long to plan as to run, because they are complex and touch few rows. PostgreSQL plans a
 * statement without a name at each call. A connection of the engine gives marked statements a name, so they are planned
 * once in two seconds (drop-old-plans.ts). Elsewhere the mark is only a comment: a pooler may give each transaction another
 * server connection, which does not know the name.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';

// The first characters of such a statement. The number of variants of such a text must be limited.
const mark = '/* prepared */';

const names = new Map<string, string>();

/** A name for each text: `pg` throws when two texts have the same name. */
function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `prepared ${createHash('sha256').update(text).digest('hex').slice(0, 24)}`;
  names.set(text, name);
  return name;
}

type Query = (...given: unknown[]) => unknown;

/** From now on this connection keeps the plans of marked statements. */
export function keepPrepared(client: pg.ClientBase): void {
  const query = client.query.bind(client) as Query;
  const named: Query = (text, values, ...rest) =>
    typeof text === 'string' && text.startsWith(mark)
      ? query({ name: nameOf(text), text, values }, ...rest)
      : query(text, values, ...rest);
  Object.assign(client, { query: named });
}
