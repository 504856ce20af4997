/** The columns of a definition are named by its triggers, by the history, by `bots edit` and by files of definitions: they are the same. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { presentDefinitions } from '../../src/data/history/kinds.ts';
import { editableColumns } from '../../src/services/bots/definition.ts';
import { bots } from '../../src/services/definitions/kinds/bots.ts';
import { insertBot } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();

/** By table: the kind and the columns with which its history is written, and the columns that have it look at a statement at all. */
const triggers = await sql<{ tab: string; kind: string; columns: string; noted: string[] }>`
  SELECT DISTINCT c.relname AS tab,
         split_part(encode(t.tgargs, 'escape'), '\\000', 1) AS kind,
         split_part(encode(t.tgargs, 'escape'), '\\000', 2) AS columns,
         (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_trigger n
          JOIN pg_attribute a ON a.attrelid = n.tgrelid AND a.attnum = ANY (n.tgattr)
          WHERE n.tgrelid = t.tgrelid AND n.tgfoid = 'engine.definitions_named'::regproc) AS noted
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
  WHERE t.tgfoid = 'engine.definitions_changed'::regproc`.execute(db);

const insert = {
  bot: () => insertBot(db, 'watch'),
  knowledge: async () =>
    (
      await db
        .insertInto('bot_knowledge')
        .values({
          name: 'own.entry',
          category: 'own',
          issue_pattern: 'queue is full',
          solution: 'empty it',
        })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id,
  silence: async () =>
    (
      await db
        .insertInto('bot_silences')
        .values({ component: 'x', owner: 'ann', reason: 'r', expires_at: new Date('2100-01-01') })
        .returning('id')
        .executeTakeFirstOrThrow()
    ).id,
} as const;

test.each(Object.entries(insert))(
  'the triggers and the history of %s have the same columns',
  async (kind, insertOne) => {
    const id = await insertOne();
    const found = await presentDefinitions(db, kind as 'bot', [id]);
    const columns = Object.keys(found.get(id)!).toSorted();
    const own = triggers.rows.filter((trigger) => trigger.kind === kind);
    expect(own).toHaveLength(1);
    expect(own[0]!.columns.split(' ').toSorted()).toEqual(columns);
    expect(own[0]!.noted).toEqual(columns);
  },
);

test('what a bot can be edited in is in its history, and is what a file of definitions may say', async () => {
  const id = await insertBot(db, 'other');
  const history = Object.keys((await presentDefinitions(db, 'bot', [id])).get(id)!);
  expect(history.toSorted()).toEqual(
    [...editableColumns, 'name', 'status', 'status_reason', 'removed_at'].toSorted(),
  );
  const { columns = {} } = bots.history;
  const ofFile = bots.fields.map((field) => columns[field] ?? field);
  expect(ofFile.toSorted()).toEqual([...editableColumns, 'status'].toSorted());
});
