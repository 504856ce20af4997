/** One connection to a database of its own, in a transaction that plants what rows under test refer to. */
import { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { becomeIdentity, denied, surroundings, undone } from './rls-cell.ts';
import type { Identity } from './rls-matrix.ts';

export let client: Client;

/** For a test file's top. */
export function openSession(): void {
  beforeAll(async () => {
    client = new Client({ connectionString: (await testDatabase()).url });
    await client.connect();
    await client.query(`BEGIN; ${surroundings}`);
  });
  afterAll(async () => {
    await client.query('ROLLBACK');
    await client.end();
  });
}

export const all = async <T = any>(text: string, values?: unknown[]) =>
  (await client.query(text, values)).rows as T[];

/** What became of a statement that somebody tried: rows, or why not. Everything is undone. */
export const tried = (somebody: string, text: string, before = ''): Promise<number | string> =>
  undone(client, async () => {
    if (before) await client.query(before);
    await client.query(somebody);
    try {
      return (await client.query(text)).rowCount ?? 0;
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      return code === denied ? 'denied' : message;
    }
  });

export const as = (identity: Identity, text: string, before?: string) =>
  tried(becomeIdentity(identity), text, before);
