/** Retention knows every table, and every foreign key that points to rows which it removes. */
import { readFileSync } from 'node:fs';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { ages } from '../../src/data/retention/ages.ts';
import { retainedTables } from '../../src/data/retention/tables/index.ts';
import { testDatabaseWithQueue } from '../support/database.ts';

const page = readFileSync(new URL('../../docs/retention.md', import.meta.url), 'utf8');

test('docs/retention.md names every table of the database, with what bounds it', async () => {
  const { db } = await testDatabaseWithQueue();
  const { rows } = await sql<{ name: string }>`
    SELECT CASE nspname WHEN 'public' THEN relname ELSE nspname || '.' || relname END AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema')`.execute(
    db,
  );
  expect(rows.length).toBeGreaterThan(80);
  expect(rows.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('docs/retention.md has the row of each table that retention removes rows of, with its setting and its age', () => {
  for (const { table, age } of retainedTables) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${table}\``));
    expect(row, table).toBeDefined();
    if (typeof age === 'number') expect(row).toContain(`| ${age} |`);
    else expect(row).toContain(`\`${age}\``);
  }
  for (const { setting, usual } of ages)
    expect(page).toMatch(
      new RegExp(`\\| \`${setting}\` \\| ${usual.toLocaleString('en').replace(',', ',')} \\|`),
    );
});

/** What deleting the row on the right does to the rows on the left; retention deletes no row to which one of them refers. */
const known = {
  'bot_actions.execution_id -> bot_executions': 'SET NULL',
  'bot_decisions.execution_id -> bot_executions': 'SET NULL',
  'bot_findings.execution_id -> bot_executions': 'CASCADE',
  'bot_actions.finding_id -> bot_findings': 'SET NULL',
  'bot_decisions.finding_id -> bot_findings': 'SET NULL',
  'bot_findings.suppressed_by -> bot_findings': 'SET NULL',
  'bot_tickets.finding_id -> bot_findings': 'CASCADE',
  // The history of a ticket goes with it.
  'bot_ticket_events.ticket_id -> bot_tickets': 'CASCADE',
  'bot_notifications.ticket_id -> bot_tickets': 'CASCADE',
  'bot_tickets.merged_into -> bot_tickets': 'SET NULL',
  'engine.channels.ticket_id -> bot_tickets': 'SET NULL',
  // `removeOldMessages` leaves a message that stands for others.
  'bot_notifications.superseded_by -> bot_notifications': 'SET NULL',
};

test('a new foreign key to a table that retention removes rows of has to be thought of in its reasons to stay', async () => {
  const { db } = await testDatabaseWithQueue();
  const { rows } = await sql<{ key: string; does: string; indexed: boolean }>`
    SELECT conrelid::regclass || '.' || a.attname || ' -> ' || confrelid::regclass AS key,
           CASE confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'RESTRICT' END AS does,
           -- Without it each row that goes has the referring table read.
           EXISTS (SELECT FROM pg_index i WHERE i.indrelid = conrelid AND i.indkey[0] = a.attnum AND i.indisvalid) AS indexed
    FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = ANY (conkey)
    WHERE contype = 'f' AND confrelid = ANY (${retainedTables.map(({ table }) => table)}::text[]::regclass[])`.execute(
    db,
  );
  expect(Object.fromEntries(rows.map(({ key, does }) => [key, does]))).toEqual(known);
  expect(rows.filter(({ indexed }) => !indexed)).toEqual([]);
});

test('each table is read in the order of an index', async () => {
  const { db } = await testDatabaseWithQueue();
  await sql`SET enable_seqscan = off`.execute(db);
  for (const { table, time, key } of retainedTables) {
    // Messages are removed by another job; the preview counts them.
    if (table === 'bot_notifications') continue;
    const order = [...(time ? [time.column] : []), key.column];
    const { rows } = await sql<{ 'QUERY PLAN': string }>`
      EXPLAIN SELECT FROM ${sql.table(table)} WHERE ${sql.ref(order[0]!)} IS NOT NULL
      ORDER BY ${sql.join(order.map((column) => sql.ref(column)))} LIMIT 10`.execute(db);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan, table).toMatch(/Index (Only )?Scan/);
    expect(plan, table).not.toMatch(/(^|-> +)Sort  \(/m);
  }
});
