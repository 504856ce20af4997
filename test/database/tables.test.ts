/** The types of the schema in the code are those that PostgreSQL has and returns. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql, type Insertable, type Selectable } from 'kysely';
import { beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { tablesSource } from '../../src/database/generate-tables.ts';
import type * as tables from '../../src/database/tables.ts';
import { testDatabase } from '../support/database.ts';
import { addUser } from '../data/people.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

let db: Db;
beforeAll(async () => {
  ({ db } = await testDatabase());
});

async function formatted(source: string): Promise<string> {
  const oxfmt = promisify(execFile)(
    `${root}node_modules/.bin/oxfmt`,
    ['--stdin-filepath=tables.ts'],
    {
      cwd: root,
    },
  );
  oxfmt.child.stdin!.end(source);
  return (await oxfmt).stdout;
}

test('the committed types are those of the migrated database; `npm run types` updates them', async () => {
  const committed = await readFile(`${root}src/database/tables.ts`, 'utf8');
  expect(await formatted(await tablesSource(db))).toBe(committed);
});

test('a column that is added, renamed or made nullable changes them', async () => {
  const other = await testDatabase();
  const before = await tablesSource(other.db);
  await sql`ALTER TABLE avatars ALTER COLUMN appearance DROP NOT NULL`.execute(other.db);
  expect(await tablesSource(other.db)).not.toBe(before);
  expect(before).toContain('  appearance: Json;\n');
  expect(await tablesSource(other.db)).toContain('  appearance: Json | null;\n');
});

describe('types are what pg returns', () => {
  test('a JSONB column is nullable in the types unless it is NOT NULL', async () => {
    const { rows } = await sql<{ table: string; column: string; required: boolean }>`
      SELECT c.relname AS table, a.attname AS column, a.attnotnull AS required
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE a.atttypid = 'jsonb'::regtype AND c.relkind = 'r' AND a.attnum > 0
        AND c.relnamespace = 'public'::regnamespace`.execute(db);
    const source = await tablesSource(db);
    const name = (table: string) => table.replaceAll(/(?:^|_)(\w)/g, (_, it) => it.toUpperCase());
    const said = rows.map(({ table, column }) => {
      const body = source.split(`export interface ${name(table)} {`)[1]!.split('\n}')[0]!;
      return !/: .*\| null/.test(body.split('\n').find((line) => line.includes(`  ${column}: `))!);
    });
    expect(rows.filter(({ required }) => required).length).toBeGreaterThanOrEqual(2);
    expect(said).toEqual(rows.map(({ required }) => required));

    type Conversation = Insertable<tables.JavariConversations>;
    expectTypeOf<{ user_id: string; name: string }>().not.toExtend<Insertable<tables.Avatars>>();
    expectTypeOf<null>().not.toExtend<Conversation['messages']>();
    expectTypeOf<string[]>().not.toExtend<Conversation['messages']>();
    expectTypeOf<null>().toExtend<Insertable<tables.Credits>['metadata']>();
  });

  test('JSONB comes back as the value that went in', async () => {
    const user_id = await addUser(db);
    const appearance = { hair: 'red', sizes: [1, 2.5], nested: { none: null, yes: true } };
    const { id } = await db
      .insertInto('avatars')
      .values({ user_id, name: 'a', appearance })
      .returning('id')
      .executeTakeFirstOrThrow();
    const row = await db
      .selectFrom('avatars')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(row.appearance).toEqual(appearance);
    expectTypeOf(row.appearance).toEqualTypeOf<tables.JsonValue>();
    type Conversation = Selectable<tables.JavariConversations>;
    expectTypeOf<Conversation['messages']>().toEqualTypeOf<tables.JsonValue>();
    expectTypeOf<Selectable<tables.Credits>['metadata']>().toEqualTypeOf<tables.JsonValue | null>();
    expect(row.is_active).toBe(true);
    expectTypeOf(row.is_active).toEqualTypeOf<boolean | null>();
    expectTypeOf(row.name).toEqualTypeOf<string>();
  });

  test('NUMERIC and BIGINT are text with every digit', async () => {
    type Knowledge = Selectable<tables.BotKnowledge>;
    const name = `tables-${randomUUID()}`;
    const values = { name, category: 'c', issue_pattern: 'pattern', solution: 's' };
    await db
      .insertInto('bot_knowledge')
      .values({ ...values, success_rate: '66.70' })
      .execute();
    const row = await db
      .selectFrom('bot_knowledge')
      .select(['success_rate', 'times_applied'])
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    expect(row).toEqual({ success_rate: '66.70', times_applied: 0 });
    expectTypeOf<Knowledge['success_rate']>().toEqualTypeOf<string | null>();
    expectTypeOf<Knowledge['times_applied']>().toEqualTypeOf<number | null>();

    const game = { slug: name, name, category: 'c', rating: 4.5 };
    expect(
      await db.insertInto('games_catalog').values(game).returning('rating').executeTakeFirst(),
    ).toEqual({ rating: '4.50' });

    await sql`SELECT setval('engine.fence', 9007199254740993)`.execute(db);
    const { rows } = await sql<{ fence: string }>`SELECT nextval('engine.fence') AS fence`.execute(
      db,
    );
    expect(rows[0]!.fence).toBe('9007199254740994');
    expectTypeOf<Selectable<tables.BotExecutions>['fence']>().toEqualTypeOf<string | null>();
    expectTypeOf<Selectable<tables.Credits>['seq']>().toEqualTypeOf<string>();
  });

  test('TIMESTAMPTZ is a Date of the instant, DATE the text of the day, INET text', async () => {
    const bot = {
      name: 'tables',
      display_name: 't',
      schedule_cron: '@daily',
      api_endpoint: 'bot:t',
    };
    const { id: bot_id, created_at } = await db
      .insertInto('bots')
      .values(bot)
      .returning(['id', 'created_at'])
      .executeTakeFirstOrThrow();
    expect(created_at).toBeInstanceOf(Date);
    expectTypeOf(created_at).toEqualTypeOf<Date | null>();

    const metric = db.insertInto('bot_metrics').values({ bot_id, day: '2026-03-29' });
    expect(await metric.returning('day').executeTakeFirst()).toEqual({ day: '2026-03-29' });
    expectTypeOf<Selectable<tables.BotMetrics>['day']>().toEqualTypeOf<string>();

    const view = {
      page_path: '/',
      ip_address: '10.0.0.1',
      created_at: '2026-03-29T02:30:00+02:00',
    };
    expect(
      await db
        .insertInto('page_views')
        .values(view)
        .returning(['ip_address', 'created_at'])
        .executeTakeFirst(),
    ).toEqual({ ip_address: '10.0.0.1', created_at: new Date('2026-03-29T00:30:00Z') });
  });

  test('only the values of a vocabulary compile', () => {
    expectTypeOf<Selectable<tables.Profiles>['role']>().toEqualTypeOf<
      'user' | 'admin' | 'owner' | null
    >();
    expectTypeOf<Insertable<tables.Credits>['type']>().toEqualTypeOf<
      'purchase' | 'usage' | 'refund' | 'bonus'
    >();
  });
});
