/**
 * Statements that take as long to plan as to carry out: the ones that ask much of a few rows. PostgreSQL plans a text that
 * has no name at each call; a connection of the engine gives these a name, and plans them once in two seconds
 * (plan-anew.ts). Elsewhere the mark is a comment: a pooler may lend each transaction another server connection, which
 * does not know the name.
 */
import { createHash } from 'node:crypto';
import type pg from 'pg';

// What such a statement begins with. Its text may not vary without bound.
const mark = '/* prepared */';

const names = new Map<string, string>();

/** A name for each text: one and the same name for two texts is an error of `pg`. */
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
