/** Where a secret could be read: every table, every key of Redis, files, and the command line and environment of processes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { sql } from 'kysely';
import type { Db } from '../../src/database/connect.ts';
import { descendantsOf } from '../../src/ground/processes.ts';
import { formsOf } from '../heal/secret-scene.ts';

/** All rows of all tables, the queue's included, as one text. */
export async function allTables(db: Db): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'`.execute(
    db,
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const { rows } = await sql<{ all: string | null }>`
      SELECT json_agg(t)::text AS all FROM ${sql.raw(name)} t`.execute(db);
    texts.push(`${name}: ${rows[0]!.all ?? ''}`);
  }
  return texts.join('\n');
}

/** All keys of a Redis database with what they hold, as one text. */
export async function allKeys(url: string): Promise<string> {
  const redis = new Redis(url);
  const read: Record<string, (key: string) => Promise<unknown>> = {
    string: (key) => redis.get(key),
    hash: (key) => redis.hgetall(key),
    list: (key) => redis.lrange(key, '0', '-1'),
    set: (key) => redis.smembers(key),
    zset: (key) => redis.zrange(key, '0', '-1'),
    stream: (key) => redis.xrange(key, '-', '+'),
  };
  try {
    const texts: string[] = [];
    for await (const keys of redis.scanStream())
      for (const key of keys as string[]) {
        const type = await redis.type(key);
        // A key may go between the two calls; Redis calls it `none` then.
        texts.push(`${key}: ${JSON.stringify(await read[type]?.(key))}`);
      }
    return texts.join('\n');
  } finally {
    redis.disconnect();
  }
}

/** All files below a directory, as one text. */
export const allFiles = (directory: string): string =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    .join('\n');

/** Looks at the command line and the environment of processes and their children, again and again, until it is stopped. */
export function watchProcesses(pids: readonly number[]) {
  const seen = new Map<string, number>();
  const look = () => {
    for (const pid of pids.flatMap((each) => [each, ...descendantsOf(each)]))
      for (const file of ['cmdline', 'environ']) {
        try {
          seen.set(`${pid} ${file} ${readFileSync(`/proc/${pid}/${file}`, 'utf8')}`, pid);
        } catch {
          // The process has ended in between.
        }
      }
  };
  look();
  const timer = setInterval(look, 20);
  return {
    /** what was seen, as one text, and of how many processes */
    stop() {
      clearInterval(timer);
      look();
      return { text: [...seen.keys()].join('\n'), processes: new Set(seen.values()).size };
    },
  };
}

/** The forms of these secrets that stand in the text, as `name: form`. */
export const formsIn = (text: string, secrets: Record<string, string>): string[] =>
  Object.entries(secrets).flatMap(([name, value]) =>
    [...formsOf(value), ...formsOf(value.replace(/^whsec_/, ''))]
      .filter((form) => text.includes(form))
      .map((form) => `${name}: ${form}`),
  );
