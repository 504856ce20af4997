/** The order of locks in docs/protocol.md, held against what transactions lock, row by row, also within a statement. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import type { Transactions } from './given.ts';
import { openLane, pathOf } from './interleave.ts';
import { keysOf, order, outOfOrder, tablesOf, waitsOf, type Wait } from './lock-order.ts';
import { plantScene } from './plant-scene.ts';
import { problems } from './scene.ts';
import { transactions } from './transactions.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const protocol = readFileSync(join(root, 'docs/protocol.md'), 'utf8');
const filesIn = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

/** The table of transactions: its name, where it stands, its transitions, and the tables for whose rows it waits. */
const written = [
  ...protocol.matchAll(/^\| ([^|]+) \| (`src[^|]+) \| ([^|]*) \| ([^|]*) \|$/gm),
].map(([, name, code, transitions, waits]) => ({
  name: name!,
  code: code!,
  transitions: transitions!,
  waits: waits!,
}));

async function traced(all: Transactions): Promise<Record<string, Wait[]>> {
  const { db, url } = await testDatabase();
  await plantScene(db);
  const lane = await openLane(url, db);
  const keys = await keysOf(db);
  const waits: Record<string, Wait[]> = {};
  for (const name of Object.keys(all))
    waits[name] = await waitsOf(lane, db, all, name, await pathOf(lane, all, name), keys);
  await Promise.all([lane.first.end(), lane.second.end()]);
  return waits;
}

/** Exceptions, each with its reason in docs/protocol.md. */
const exceptions = new Set(['backfill']);

test(
  'each transaction waits for rows in the order of docs/protocol.md, and for those that it says',
  { timeout: 120_000 },
  async () => {
    const waits = await traced(transactions);
    const wrong = Object.entries(waits)
      .filter(([name]) => !exceptions.has(name))
      .flatMap(([name, own]) => own.flatMap(outOfOrder).map((what) => `${name}: ${what}`));
    expect(wrong).toEqual([]);
    const said = Object.fromEntries(
      written.map(({ name, waits: tables }) => [name, tables.replaceAll('`', '')]),
    );
    const found = Object.fromEntries(
      Object.entries(waits).map(([name, own]) => [name, tablesOf(own).join(', ') || 'none']),
    );
    expect(said).toEqual(found);
  },
);

test('a statement that locks its rows against the order is found', async () => {
  const fingerprints = problems.map(({ fingerprint }) => fingerprint);
  const waits = await traced({
    turned: ({ db }) =>
      sql`SELECT FROM bot_finding_states WHERE fingerprint = ANY (${fingerprints}::text[])
          ORDER BY fingerprint DESC FOR NO KEY UPDATE`.execute(db),
  });
  expect(waits.turned!.flatMap(outOfOrder)).toContain(
    'bot_finding_states f2 before bot_finding_states f1',
  );
});

test('docs/protocol.md lists the tables in the order that this test checks', () => {
  const listed = [...protocol.matchAll(/^\| \d+ \| ([^|]+) \| ([^|]*) \|/gm)].map(([, tables]) =>
    [...tables!.matchAll(/`([^`]+)`/g)].map(([, table]) => table),
  );
  expect(listed).toEqual(order.map(({ tables, only }) => (only ? [...tables, only] : tables)));
});

test('each transition is a part of a transaction in docs/protocol.md, and each file there exists', () => {
  const named = written.flatMap(({ transitions, code }) => [
    ...[...transitions.matchAll(/`([^`]+)`/g)].map(([, path]) => `src/transitions/${path}`),
    ...[...code.matchAll(/`([^`]+)`/g)].map(([, path]) => path!),
  ]);
  const withoutOthers = [
    ...protocol
      .slice(protocol.indexOf('Two kinds of transactions are not in the table.'))
      .split('\n\n')[0]!
      .matchAll(/`([^`]+\.ts)`/g),
  ].map(([, path]) => `src/transitions/${path}`);
  named.push(...withoutOthers);
  const all = new Set(filesIn('src'));
  expect(named.filter((path) => !all.has(path))).toEqual([]);
  const parts = new Set(
    ['conclude-as', 'actions/end-intent', 'knowledge/write-event', 'tickets/write-event'].map(
      (path) => `src/transitions/${path}.ts`,
    ),
  );
  expect(
    filesIn('src/transitions').filter((path) => !named.includes(path) && !parts.has(path)),
  ).toEqual([]);
});

/** Transactions that lock none of these rows, or that a running engine does not make. */
const others =
  /^src\/(database|demo|data\/(secrets|credits|craiverse|bots\/fence)|queue\/backend|services\/(database|progress|doctor)|heal\/(explain|bot-changes|while-contended)|testing|services\/tickets\/learn|services\/knowledge\/(add|enable|edit-component))/;

test('each place that opens a transaction stands in docs/protocol.md', () => {
  const opens = filesIn('src')
    .filter((path) =>
      /\.transaction\(\)|\b(inTransaction|retryWhileLocked|underFence|underJobFence)\(/.test(
        readFileSync(join(root, path), 'utf8'),
      ),
    )
    .filter((path) => !others.test(path));
  expect(opens.filter((path) => !protocol.includes(`\`${path}\``))).toEqual([]);
});
