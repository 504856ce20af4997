/** The platform's own code writes rows with the document's columns and no others. */
import { sql, type Kysely } from 'kysely';
import { describe, expect, it } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { documentedColumns, type DocumentedColumn } from './document-columns.ts';

/** Words that the document gives in comments or names, by column, where a text would not do. */
const words: Record<string, string> = {
  'profiles.role': 'user',
  'profiles.subscription_tier': 'light',
  'profiles.subscription_status': 'active',
  'profiles.credits': '0',
  'organizations.plan': 'team',
  'organization_members.role': 'member',
  'credits.type': 'bonus',
  'transactions.provider': 'stripe',
  'transactions.type': 'purchase',
  'transactions.status': 'pending',
  'transactions.currency': 'USD',
  'subscriptions.provider': 'paypal',
  'subscriptions.tier': 'premium',
  'subscriptions.status': 'active',
  'javari_projects.status': 'active',
  'javari_conversations.provider': 'openai',
  'bots.name': 'own-bot',
  'bots.schedule_cron': '0 3 * * *',
  'bots.api_endpoint': '/api/bots/own-bot',
  'bots.status': 'active',
  'bot_executions.status': 'success',
  'bot_findings.severity': 'high',
  'bot_findings.resolution_method': 'manual',
  'bot_tickets.severity': 'high',
  'bot_tickets.status': 'resolved',
  'app_catalog.status': 'active',
  'first_responders.role': 'ems',
  'group_members.role': 'member',
};

const ofType: Record<string, string> = {
  integer: '1',
  decimal: '1',
  boolean: 'true',
  jsonb: '{"own": true}',
  inet: '192.0.2.1',
  timestamptz: '2026-01-02 03:04:05Z',
};

let texts = 0;
/** A text that is in no other row. */
const unique = () => `own ${(texts += 1)}`;

const insert = (db: Kysely<any>, table: string, values: Map<string, string>) =>
  sql<{ id: string }>`
    INSERT INTO ${sql.table(table)} (${sql.join([...values.keys()].map((column) => sql.ref(column)))})
    VALUES (${sql.join([...values.values()])}) RETURNING id`
    .execute(db)
    .then(({ rows }) => rows[0]!.id);

/** The values of these columns; `rows` has the row that a reference names. */
async function valuesOf(
  db: Kysely<any>,
  table: string,
  columns: DocumentedColumn[],
  rows: Map<string, string>,
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (const { name, type, of } of columns) {
    const id = of === null ? undefined : rows.get(of);
    if (name === 'id' && table === 'profiles') values.set(name, await account(db));
    else if (of !== null && id !== undefined) values.set(name, id);
    else if (of === null && name !== 'id' && type !== 'uuid')
      values.set(name, words[`${table}.${name}`] ?? ofType[type] ?? unique());
  }
  return values;
}

async function account(db: Kysely<any>): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    INSERT INTO auth.users (id) VALUES (gen_random_uuid()) RETURNING id`.execute(db);
  return rows[0]!.id;
}

/** What has to be given, and what the row is about. */
const least = (columns: DocumentedColumn[]) =>
  columns.filter(({ needed, of }) => needed || of !== null);

/** These contradict the default of the column beside them, and stay refused: open and ended, ended by nothing. */
const contradictions = new Set(['bot_tickets.resolved_at', 'bot_findings.resolution_method']);

const choices: [string, (columns: DocumentedColumn[], table: string) => DocumentedColumn[][]][] = [
  ['what the document says has to be given', (columns) => [least(columns)]],
  ['all of its columns', (columns) => [columns]],
  [
    'each other column alone',
    (columns, table) =>
      columns
        .filter((column) => !least(columns).includes(column))
        .filter(({ name }) => !contradictions.has(`${table}.${name}`))
        .map((column) => [...least(columns), column]),
  ],
];

describe.each(choices)('with %s', (_, chosen) => {
  it.each([...documentedColumns.keys()])('a row of %s passes', async (table) => {
    const { db } = await database;
    const rows = await parents(db);
    for (const columns of chosen(documentedColumns.get(table)!, table)) {
      const values = await valuesOf(db, table, columns, rows);
      const inserted = db.transaction().execute(async (trx) => {
        await insert(trx, table, values);
        throw new Undone();
      });
      const given = columns.map(({ name }) => name).join(', ');
      await expect(inserted, `${table} (${given})`).rejects.toThrow(Undone);
    }
  });
});

class Undone extends Error {}

const database = testDatabase();
let made: Promise<Map<string, string>> | undefined;

/** One row of each table that others refer to. */
const parents = (db: Kysely<any>) =>
  (made ??= (async () => {
    const rows = new Map<string, string>();
    const referred = new Set([...documentedColumns.values()].flat().map(({ of }) => of));
    for (const [table, columns] of documentedColumns) {
      if (!referred.has(table)) continue;
      const values = await valuesOf(db, table, least(columns), rows);
      if (table === 'bots') values.set('name', 'a-bot');
      rows.set(table, await insert(db, table, values));
    }
    return rows;
  })());

it('has the columns that the migrations make: nothing documented is left out', async () => {
  const { db } = await database;
  const { rows } = await sql<{ table_name: string; column_name: string }>`
    SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'`.execute(
    db,
  );
  const there = new Set(rows.map(({ table_name, column_name }) => `${table_name}.${column_name}`));
  const documented = [...documentedColumns].flatMap(([table, columns]) =>
    columns.map(({ name }) => `${table}.${name}`),
  );
  expect(documented).toHaveLength(322);
  expect(documented.filter((column) => !there.has(column))).toEqual([]);
});
