/** A row belongs to one set, whatever the set calls it; and a file may say what no apply has made yet. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { bots, remedies } from '../../../bots/index.ts';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { registerCatalogue } from '../../../src/schedule/register.ts';
import { editBot } from '../../../src/services/bots/edit.ts';
import { renameBot } from '../../../src/services/bots/rename.ts';
import { applyPlan } from '../../../src/services/definitions/apply.ts';
import { exportOf } from '../../../src/services/definitions/export.ts';
import { kinds } from '../../../src/services/definitions/kinds/index.ts';
import { planOf, type Asked } from '../../../src/services/definitions/plan.ts';
import { testDatabase } from '../../support/database.ts';

const { db } = await testDatabase();
const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'ann', role: 'owner' } as const;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, engine.definitions CASCADE`.execute(db);
  await sql`DELETE FROM engine.settings WHERE key IN ('api_logs_keep_days', 'healing')`.execute(db);
  await registerCatalogue(db, catalogue);
});

const file = (set: string, definitions: string, kind = 'bots') => ({
  place: `${set || 'none'}/${kind}.yaml`,
  text: `apiVersion: roundsman/v1\nkind: ${kind}\n${set && `set: ${set}\n`}definitions:\n${definitions}`,
});
type File = ReturnType<typeof file>;
const plan = (files: File[], asked: Omit<Asked, 'files'> = {}) =>
  planOf({ db, catalogue }, { ...asked, files });
const apply = async (files: File[], asked: Omit<Asked, 'files'> = {}) =>
  applyPlan({ db, actor, catalogue }, { plan: await plan(files, asked) });
const refused = async (files: File[]) =>
  plan(files).then(
    () => null,
    (error: { reasons?: string[] }) => error.reasons!.join('\n'),
  );
const botNames = async () =>
  (
    await sql<{ name: string }>`SELECT name FROM bots WHERE removed_at IS NULL ORDER BY 1`.execute(
      db,
    )
  ).rows.map(({ name }) => name);
const definitions = async () =>
  (
    await sql<{ name: string; set_name: string | null }>`
      SELECT name, set_name FROM engine.definitions ORDER BY 1`.execute(db)
  ).rows;

const bot = (name: string, more = '') =>
  `  ${name}: { schedule: '@daily', endpoint: conductor${more} }\n`;

test('a row of another set is not renamed into a set, unless it takes it over; and then the other one has it no longer', async () => {
  await apply([file('web', bot('alpha'))]);
  const taking = [file('other', bot('omega', ', was: alpha'))];
  expect(await refused(taking)).toMatch(
    /omega: belongs to the set web as alpha \(web\/bots\.yaml\), and not to other/,
  );
  await apply(taking, { takeOver: true });
  expect(await botNames()).toContain('omega');
  expect(await botNames()).not.toContain('alpha');
  expect(await definitions()).toEqual([{ name: 'omega', set_name: 'other' }]);
  // What web says now would be a second bot: that is said as an addition, and not hidden.
  const again = await plan([file('web', bot('alpha'))]);
  expect(again.changes.map(({ action, name }) => `${action} ${name}`)).toEqual(['add alpha']);
  expect(await refused([file('other', bot('omega'))])).toBeNull();
});

test('nor is one that a person has renamed; and a prune leaves what another set names', async () => {
  await apply([file('web', bot('beta') + bot('gamma'))]);
  const { id } = (await sql<{ id: string }>`SELECT id FROM bots WHERE name = 'beta'`.execute(db))
    .rows[0]!;
  await renameBot({ db, actor }, { bot: id, name: 'beta2' });
  const ours = [file('other', '  beta2: { description: ours }\n')];
  expect(await refused(ours)).toMatch(/belongs to the set web as beta/);
  // Both sets may have named it by files of an earlier version.
  await sql`
    INSERT INTO engine.definitions (kind, name, row_id, set_name, file, applied_by, applied_at, fields)
    SELECT kind, 'beta2', row_id, 'other', 'other/bots.yaml', applied_by, applied_at, fields
    FROM engine.definitions WHERE name = 'beta'`.execute(db);
  const pruned = await plan([file('web', bot('gamma'))], { prune: true });
  expect(pruned.changes).toEqual([]);
});

test('files of no set say whose the row is, and leave it to its set under its new name', async () => {
  await apply([file('web', bot('alpha'))]);
  const renaming = [file('', bot('omega', ', was: alpha'))];
  const { notes } = await plan(renaming);
  expect(notes).toEqual([
    'bots omega belongs to the set web as alpha: its next apply may change it back',
  ]);
  await apply(renaming);
  expect(await definitions()).toEqual([{ name: 'omega', set_name: 'web' }]);
});

const exported = async (files: File[]) =>
  exportOf(db, {
    all: false,
    kinds,
    files,
    placeOf: ({ kind }) => `${kind}.yaml`,
    schemaOf: ({ kind }) => `${kind}.schema.json`,
  });

test('an export leaves what no apply has made yet, and names what it takes out', async () => {
  const settings = file('', '  api_logs_keep_days: 30\n', 'settings');
  const limits = file('', '  heals_per_hour: 7\n', 'limits');
  await apply([file('', bot('n1') + bot('n2'))]);
  const { id } = (await sql<{ id: string }>`SELECT id FROM bots WHERE name = 'n1'`.execute(db))
    .rows[0]!;
  await editBot({ db, actor, catalogue }, { bot: id, edit: { timeout_seconds: 90 } });
  await sql`UPDATE bots SET removed_at = now(), status = 'disabled' WHERE name = 'n2'`.execute(db);
  const own = file('', `${bot('n1')}${bot('n2')}  # not yet\n${bot('brand-new')}`);
  const { files } = await exported([own, settings, limits]);
  expect(files.map(({ place, takenOut }) => [place, takenOut])).toEqual([
    ['none/bots.yaml', ['n2']],
  ]);
  expect(files[0]!.text).toContain('# not yet\n  brand-new:');
  expect(files[0]!.text).toContain('timeout: 90s');
});

test('a setting that this host cannot have is refused by a plan, with its place', async () => {
  expect(
    await refused([file('', '  backup_folder: /var/backups/not/there\n', 'settings')]),
  ).toMatch(/^none\/settings\.yaml:4:\d+ backup_folder: .*no such directory/);
});
