/** Keys that the platform added to the bots' tables may refuse rows of the engine: adoption names these keys and no others. */
import { sql, type Kysely } from 'kysely';
import { expect, it } from 'vitest';
import type { SchemaDiffersError } from '../../src/data.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { madeByHand } from './adopt-platform.ts';

const listed = async (db: Kysely<any>) => {
  const refused = await migrateToLatest(db).then(
    () => null,
    (error: unknown) => error as SchemaDiffersError,
  );
  return refused?.listed.map(({ difference, mend }) => [difference, mend]) ?? [];
};

it('unique indexes and constraints, and exclusions, are named with the statement that drops them', async () => {
  const { db } = await madeByHand(
    'CREATE UNIQUE INDEX one_per_bot ON bot_executions (bot_id)',
    'CREATE UNIQUE INDEX "By Day" ON bot_actions (bot_id, (lower(action_type))) WHERE success',
    'ALTER TABLE bot_findings ADD CONSTRAINT one_title UNIQUE (bot_id, title)',
    'ALTER TABLE bots ADD CONSTRAINT one_endpoint EXCLUDE USING hash (api_endpoint WITH =)',
    // Names that a migration and the documented schema use.
    'ALTER TABLE bot_tickets ADD CONSTRAINT bot_tickets_number_key UNIQUE (title)',
    'DROP INDEX idx_findings_bot; CREATE UNIQUE INDEX idx_findings_bot ON bot_findings (bot_id, detected_at)',
    'ALTER TABLE bot_knowledge ADD UNIQUE (category)',
    'CREATE TABLE own_notes (category varchar(100) REFERENCES bot_knowledge (category))',
    // These refuse no row that the documented schema accepts, or are on tables of the platform.
    'CREATE UNIQUE INDEX by_id ON bot_findings (id, severity)',
    'ALTER TABLE bots ADD CONSTRAINT again UNIQUE (name, status)',
    'CREATE UNIQUE INDEX one_page ON page_views (page_path, user_id)',
    'CREATE INDEX plain ON bot_executions (bot_id, status)',
  );
  const differences = await listed(db);
  const drops = (what: string, mend: string) => [`${what} may refuse what the engine writes`, mend];
  expect(differences).toEqual([
    drops('bot_actions: unique index "By Day"', 'DROP INDEX "By Day"'),
    drops('bot_executions: unique index one_per_bot', 'DROP INDEX one_per_bot'),
    drops(
      'bot_findings: unique constraint one_title',
      'ALTER TABLE bot_findings DROP CONSTRAINT one_title',
    ),
    drops(
      'bot_knowledge: unique constraint bot_knowledge_category_key',
      'ALTER TABLE public.own_notes DROP CONSTRAINT own_notes_category_fkey; ALTER TABLE bot_knowledge DROP CONSTRAINT bot_knowledge_category_key',
    ),
    drops(
      'bot_tickets: unique constraint bot_tickets_number_key',
      'ALTER TABLE bot_tickets DROP CONSTRAINT bot_tickets_number_key',
    ),
    drops(
      'bots: exclusion constraint one_endpoint',
      'ALTER TABLE bots DROP CONSTRAINT one_endpoint',
    ),
    [
      expect.stringMatching(
        /^bot_findings: index idx_findings_bot is CREATE UNIQUE INDEX .*, documented/,
      ),
      expect.stringMatching(/^DROP INDEX idx_findings_bot; CREATE INDEX idx_findings_bot ON/),
    ],
  ]);
  for (const [, mend] of differences) await sql.raw(mend as string).execute(db);
  expect(await listed(db)).toEqual([]);
});
