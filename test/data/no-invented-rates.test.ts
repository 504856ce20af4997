/** What an entry has achieved is measured here, or it is nothing: no entry comes with figures. */
import { readdir, readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { bots, remedies } from '../../bots/index.ts';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { pool } from '../../src/database/connect.ts';
import { seedFiction } from '../../src/demo/seed.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { testDatabase } from '../support/database.ts';

const root = new URL('../../', import.meta.url);
const words = /times_applied|times_successful|success_rate/;

/** A figure that stands right behind its name, as a value or as a default. */
const given =
  /(?:times_applied|times_successful|success_rate)["']?\s*(?:[:=,]|\w+(?:\([\d, ]*\))?\s+DEFAULT)?\s*["']?(?:\d*\.)?\d*[1-9]/i;

async function filesOf(...folders: string[]): Promise<string[]> {
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const names = await readdir(new URL(folder, root), { recursive: true });
      return names
        .filter((name) => /\.(ts|sql|ya?ml|json)$/.test(name))
        .map((name) => folder + name);
    }),
  );
  return lists.flat();
}

test.each([
  ['times_applied: 47', true],
  ['"success_rate": "94.5"', true],
  ['success_rate = .9', true],
  ['times_successful INTEGER DEFAULT 3', true],
  ['success_rate DECIMAL(5,2) DEFAULT 80', true],
  ['times_applied: 0', false],
  ['times_applied INTEGER DEFAULT 0', false],
  ['success_rate DECIMAL(5,2) DEFAULT 0', false],
  ['success_rate = c.success_rate', false],
])('the scan takes %j for a figure: %s', (line, is) => {
  expect(given.test(line)).toBe(is);
});

test('no line of the catalogue, the migrations or the seeds gives an entry figures', async () => {
  const files = await filesOf('bots/', 'migrations/', 'src/demo/', 'src/schedule/');
  expect(files.length).toBeGreaterThan(60);
  const lines = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(new URL(file, root), 'utf8');
      return text.split('\n').map((line, index) => `${file}:${index + 1}: ${line}`);
    }),
  );
  const named = lines.flat().filter((line) => words.test(line));
  // Otherwise the columns were renamed, and this looks for nothing.
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((line) => given.test(line))).toEqual([]);
});

test('no seed of the catalogue has them', () => {
  const seeds = bots.flatMap(({ knowledge = [] }) => knowledge);
  expect(seeds.length).toBeGreaterThan(0);
  expect(seeds.flatMap((seed) => Object.keys(seed)).filter((key) => words.test(key))).toEqual([]);
});

test('in a database with the catalogue and a seeded platform every figure is what the ledger says', async () => {
  const { db, url } = await testDatabase();
  await registerCatalogue(db, catalogueOf(bots, remedies));
  const connections = pool(url, { max: 1 });
  try {
    await seedFiction(connections, 'small', 1, () => {});
  } finally {
    await connections.end();
  }
  const { rows } = await sql<object>`
    SELECT name, times_applied, times_successful, success_rate, last_used_at FROM bot_knowledge`.execute(
    db,
  );
  expect(rows.length).toBeGreaterThan(0);
  const invented = rows.map((row) => ({
    ...row,
    times_applied: 0,
    times_successful: 0,
    success_rate: '0.00',
    last_used_at: null,
  }));
  expect(rows).toEqual(invented);
  const ledger = await sql`SELECT FROM bot_actions WHERE knowledge_id IS NOT NULL`.execute(db);
  expect(ledger.rows).toEqual([]);
});
