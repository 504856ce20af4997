/** The doctor names what the platform lets run whenever the engine writes. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';

test('triggers and rules of your own on tables that the engine writes are named, and only while they are on', async () => {
  const { db, url } = await testDatabase();
  const triggers = async () => {
    const found = (await roundsman(url, 'doctor', '--json')).json() as {
      subject: string;
      status: string;
      detail: string;
      hint: string;
    }[];
    return found.filter(({ subject }) => subject === 'Triggers');
  };
  expect(await triggers()).toEqual([]);

  await sql
    .raw(`
    CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
    CREATE TRIGGER "Own stop" BEFORE UPDATE ON bots FOR EACH ROW EXECUTE FUNCTION stop();
    CREATE TRIGGER own_decisions AFTER INSERT ON engine.canaries FOR EACH ROW EXECUTE FUNCTION stop();
    CREATE RULE own_rule AS ON INSERT TO bot_findings DO ALSO SELECT 1;
    CREATE TRIGGER own_page BEFORE INSERT ON page_views FOR EACH ROW EXECUTE FUNCTION stop()`)
    .execute(db);
  const found = await triggers();
  expect(found).toEqual([
    {
      subject: 'Triggers',
      status: 'warn',
      detail: expect.stringMatching(
        /: rule own_rule on bot_findings; trigger "Own stop" on bots calls stop\(\); trigger own_decisions on engine.canaries calls stop\(\)$/,
      ),
      hint: expect.stringContaining('ALTER TABLE bots DISABLE TRIGGER "Own stop"'),
    },
  ]);
  for (const statement of found[0]!.hint.replace(/^.*?: /, '').split('; '))
    await sql.raw(statement).execute(db);
  expect(await triggers()).toEqual([]);
}, 60_000);
