/** A database that an older version has migrated, in which the platform has since made objects of its own. */
import { sql, type Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { describe, expect, it } from 'vitest';
import { SchemaDiffersError } from '../../src/database/migrate/adopt.ts';
import { filesOf } from '../../src/database/migrate/extent.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { takenByUpgrade } from '../../src/database/migrate/names.ts';
import { roundsman } from '../cli/command.ts';
import { emptyDatabase } from '../support/database.ts';
import { differencesOf, schemaOf } from './adopt-platform.ts';

type Extent = 'whole' | 'bots';

/** A database in which the files before this name were run. */
async function before(next: string, extent: Extent = 'whole') {
  const database = await emptyDatabase();
  const files = (await filesOf(extent)).filter(({ name }) => name < next);
  const up = (text: string) => async (trx: Kysely<any>) => {
    await sql.raw(text).execute(trx);
  };
  const { error } = await new Migrator({
    db: database.db,
    migrationTableSchema: 'engine',
    provider: {
      getMigrations: async () =>
        Object.fromEntries(files.map(({ name, text }) => [name, { up: up(text) }])),
    },
  }).migrateToLatest();
  if (error) throw error;
  return database;
}

/** Objects of the platform, each with a name that a file from v6_70 on gives. */
const ofPlatform = [
  'CREATE TABLE bot_silences (id int)',
  "CREATE TYPE bot_metrics AS ENUM ('a')",
  'CREATE TABLE orders (id int)',
  'CREATE INDEX idx_tickets_resolved ON orders (id)',
  'CREATE FUNCTION public.bots_now(zone text) RETURNS int LANGUAGE sql RETURN 1',
  "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
  'CREATE TRIGGER enabled_again BEFORE UPDATE ON bots FOR EACH ROW EXECUTE FUNCTION nothing()',
  'CREATE TRIGGER ticket_version_counted BEFORE UPDATE ON bot_tickets FOR EACH ROW EXECUTE FUNCTION nothing()',
  'ALTER TABLE bot_tickets ADD COLUMN acknowledged_by text',
  'CREATE SCHEMA private',
  'CREATE FUNCTION private.is_owner() RETURNS int LANGUAGE sql RETURN 1',
];

const named = [
  'table bot_silences',
  'type bot_metrics',
  'orders: index idx_tickets_resolved',
  'function public.bots_now(zone text)',
  'bots: trigger enabled_again',
  'bot_tickets: trigger ticket_version_counted',
  'bot_tickets: column acknowledged_by',
  'function private.is_owner()',
];

describe('an upgrade', () => {
  it.each(['whole', 'bots'] as const)(
    'names all that has a name which it will give, before its first statement: %s',
    async (extent) => {
      const { db, url } = await before('v6_70', extent);
      for (const statement of ofPlatform) await sql.raw(statement).execute(db);
      const was = await schemaOf(db);
      const differences = await differencesOf(db, { only: 'present' });
      const wanted = extent === 'bots' ? named.slice(0, -1) : named;
      for (const name of wanted)
        expect(differences).toContainEqual(
          expect.stringMatching(
            new RegExp(
              `^${name.replaceAll(/[().]/g, String.raw`\$&`)} has a name that Roundsman needs \\(ALTER `,
            ),
          ),
        );
      expect(differences).toHaveLength(wanted.length);
      expect(await schemaOf(db)).toEqual(was);

      const only = extent === 'bots' ? ['--only', 'bots'] : [];
      const { code, err, out } = await roundsman(url, 'db', 'migrate', ...only, '--json');
      expect({ code, err }).toEqual({
        code: 1,
        err: expect.stringContaining('this database cannot be migrated further as it is'),
      });
      expect(JSON.parse(out).differences).toHaveLength(wanted.length);
    },
    60_000,
  );

  it('is done after each obstacle is removed as the message says', async () => {
    const { db } = await before('v6_70');
    for (const statement of ofPlatform) await sql.raw(statement).execute(db);
    const refused = await migrateToLatest(db).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(SchemaDiffersError);
    for (const { mend } of (refused as SchemaDiffersError).listed) await sql.raw(mend!).execute(db);
    expect(await migrateToLatest(db)).not.toEqual([]);
    expect(await migrateToLatest(db)).toEqual([]);
  }, 60_000);

  it('to the whole schema names it together with what adoption names', async () => {
    const { db } = await before('v8_70', 'bots');
    await sql`CREATE FUNCTION public.bots_now() RETURNS int LANGUAGE sql RETURN 1`.execute(db);
    await sql`CREATE VIEW profiles AS SELECT 1 AS id`.execute(db);
    const differences = await differencesOf(db);
    for (const name of ['view profiles', 'function public.bots_now()'])
      expect(differences.filter((each) => each.startsWith(`${name} has a name`))).toHaveLength(1);
  }, 60_000);

  it.each(['whole', 'bots'] as const)(
    'takes nothing that Roundsman made for a thing of the platform, from whichever version: %s',
    async (extent) => {
      const { db } = await before('v1', extent);
      const files = await filesOf(extent);
      for (const [at, { name, text }] of files.entries()) {
        await sql.raw(text).execute(db);
        const [applied, pending] = [files.slice(0, at + 1), files.slice(at + 1)];
        const taken = await db
          .transaction()
          .execute((trx) => takenByUpgrade(trx, { applied, pending }));
        expect({ name, taken }).toEqual({ name, taken: [] });
      }
    },
    120_000,
  );
});
