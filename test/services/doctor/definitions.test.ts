/** What `doctor` says of definitions that were changed after their files were applied. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { bots, remedies } from '../../../bots/index.ts';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { registerCatalogue } from '../../../src/schedule/register.ts';
import { editBot } from '../../../src/services/bots/edit.ts';
import { removeBot } from '../../../src/services/bots/remove.ts';
import { renameBot } from '../../../src/services/bots/rename.ts';
import { applyPlan } from '../../../src/services/definitions/apply.ts';
import { planOf } from '../../../src/services/definitions/plan.ts';
import { examineDefinitions } from '../../../src/services/doctor/definitions.ts';
import { endSilence } from '../../../src/services/silences/end.ts';
import { testDatabase } from '../../support/database.ts';

const { db } = await testDatabase();
const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'ann', role: 'owner' } as const;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, engine.definitions CASCADE`.execute(db);
  await registerCatalogue(db, catalogue);
});

const files = [
  [
    'bots',
    `  sweeper: { schedule: '*/5 * * * *', endpoint: conductor, timeout: 90s, description: null }
  mop: { schedule: ' @daily ', endpoint: conductor, config: { max_findings: 3 } }
`,
  ],
  ['limits', '  cooldown_minutes: 9\n'],
  ['silences', '  quiet: { component: /v1, reason: moved, until: 2099-01-01T00:00:00Z }\n'],
].map(([kind, definitions]) => ({
  place: `web/${kind}.yaml`,
  text: `apiVersion: roundsman/v1\nkind: ${kind}\nset: web\ndefinitions:\n${definitions}`,
}));
const plan = () => planOf({ db, catalogue }, { files });
const apply = async () => applyPlan({ db, actor, catalogue }, { plan: await plan() });
const found = async () => (await examineDefinitions(db))[0];

test('nothing is said before a file was applied, and then that all is as the files said', async () => {
  expect(await found()).toBeUndefined();
  await apply();
  expect(await found()).toMatchObject({
    status: 'ok',
    detail: '4 definitions as the files said that were applied',
  });
  // What no file names belongs to people.
  await editBot({ db, actor, catalogue }, { bot: 'sweeper', edit: { priority: 7 } });
  await editBot({ db, actor, catalogue }, { bot: 'curator', edit: { priority: 7 } });
  expect(await found()).toMatchObject({ status: 'ok' });
  const { silence } = {
    silence: (await db.selectFrom('bot_silences').select('id').executeTakeFirstOrThrow()).id,
  };
  await endSilence({ db, actor }, { silence });
  expect(await found()).toMatchObject({ status: 'ok' });
});

test('what was changed, renamed and removed by hand is named with who did it, as a diff finds it, and an apply ends it', async () => {
  await apply();
  await editBot(
    { db, actor: { ...actor, name: 'bob' }, catalogue },
    { bot: 'sweeper', edit: { schedule_cron: '*/7 * * * *' } },
  );
  await renameBot({ db, actor }, { bot: 'mop', name: 'broom' });
  await sql`UPDATE engine.settings SET value = value || '{"cooldown_minutes": 10}' WHERE key = 'healing'`.execute(
    db,
  );
  const said = (await found())!;
  expect(said).toMatchObject({ subject: 'Definitions', status: 'warn' });
  expect(said.detail).toMatch(
    /^3 of 4 definitions differ from what was applied: limits cooldown_minutes of the set web in web\/\w+\.yaml \(value, by \w+ at [^)]*\); bots /,
  );
  expect(said.detail).toMatch(
    /bots sweeper of the set web in web\/bots\.yaml \(schedule, by bob at [\d-]+ [\d:]+ UTC\)/,
  );
  expect(said.detail).toMatch(
    /bots mop of the set web in web\/bots\.yaml \(called broom, by ann at /,
  );
  expect(said.hint).toMatch(/`npx roundsman diff -f web\/\w+\.yaml`.*`npx roundsman export -f/);
  expect(said.hint).toMatch(/; the same for web\/\w+\.yaml$/);
  expect((await plan()).changes.map(({ name }) => name).toSorted()).toEqual([
    'cooldown_minutes',
    'mop',
    'sweeper',
  ]);
  await removeBot({ db, actor }, { bot: 'sweeper', reason: null });
  expect((await found())!.detail).toMatch(
    /bots sweeper of the set web in web\/bots\.yaml \(removed, by ann at /,
  );
  await apply();
  expect(await found()).toMatchObject({ status: 'ok' });
});

test('definitions that were applied before this was kept are not judged', async () => {
  await apply();
  await sql`UPDATE engine.definitions SET fields = NULL`.execute(db);
  expect(await found()).toBeUndefined();
  // The next apply keeps it, although nothing differs.
  expect(await apply()).toEqual({ changed: 0, made: 0 });
  expect(await found()).toMatchObject({ status: 'ok' });
});
