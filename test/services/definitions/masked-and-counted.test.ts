/** What a plan counts, hides and survives: credentials in rows, silences that are over, limits that a set drops. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { bots, remedies } from '../../../bots/index.ts';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { planAsData } from '../../../src/cli/definitions/show-plan.ts';
import { connect } from '../../../src/database/connect.ts';
import { registerCatalogue } from '../../../src/schedule/register.ts';
import { applyPlan } from '../../../src/services/definitions/apply.ts';
import { addConsequences } from '../../../src/services/definitions/consequences/add.ts';
import { exportOf } from '../../../src/services/definitions/export.ts';
import { kinds } from '../../../src/services/definitions/kinds/index.ts';
import { planOf, type Asked } from '../../../src/services/definitions/plan.ts';
import {
  refuseManyRemovals,
  TooManyRemovalsError,
} from '../../../src/services/definitions/removals.ts';
import { planRevert } from '../../../src/services/history/reverters/revert.ts';
import { changeSetting, settingOf } from '../../../src/services/settings/change.ts';
import { testDatabase } from '../../support/database.ts';

const { db, url } = await testDatabase();
const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'ann', role: 'owner' } as const;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, engine.definitions CASCADE`.execute(db);
  await registerCatalogue(db, catalogue);
});

const file = (kind: string, definitions: string, set = 'web', place = `${kind}.yaml`) => ({
  place,
  text: `apiVersion: roundsman/v1\nkind: ${kind}\n${set && `set: ${set}\n`}definitions:\n${definitions}`,
});
type File = ReturnType<typeof file>;
const plan = (files: File[], asked: Omit<Asked, 'files'> = {}) =>
  planOf({ db, catalogue }, { ...asked, files });
const apply = async (files: File[], asked: Omit<Asked, 'files'> = {}) =>
  applyPlan({ db, actor, catalogue }, { plan: await plan(files, asked) });
const bot = (name: string) =>
  `  ${name}: { schedule: '@daily', endpoint: conductor, config: { max_findings: 3 } }\n`;

test('a value that only the name of its field gives away is shown neither by a plan nor by a revert', async () => {
  await apply([file('bots', bot('sweeper'))]);
  await sql`UPDATE bots SET config = '{"password": "hunter2", "max_findings": 3}' WHERE name = 'sweeper'`.execute(
    db,
  );
  const again = await plan([file('bots', bot('sweeper'))]);
  expect(again.changes).toHaveLength(1);
  expect(JSON.stringify(planAsData(again))).not.toContain('hunter2');
  const reverting = await planRevert({ db, actor, catalogue }, { kind: 'bot', of: 'sweeper' });
  expect(reverting.differences.length).toBeGreaterThan(0);
  expect(JSON.stringify([reverting.differences, reverting.left])).not.toContain('hunter2');
});

test('silences that are over are not among what a set has', async () => {
  const silences = Array.from(
    { length: 20 },
    (_, n) => `  quiet-${n}: { component: c${n}, reason: r, until: 2100-01-01T00:00:00Z }\n`,
  ).join('');
  const both = [file('bots', bot('sweeper') + bot('keeper')), file('silences', silences)];
  await apply(both);
  await sql`UPDATE bot_silences SET ended_at = engine.now()`.execute(db);
  const pruned = await plan([file('bots', bot('keeper'))], { prune: true });
  expect(pruned).toMatchObject({ owned: 2 });
  expect(() => refuseManyRemovals(pruned, null)).toThrow(TooManyRemovalsError);
});

test('a silence that another person ends is a change that an apply has to know of', async () => {
  const one = [file('silences', '  q: { component: c, reason: r, until: 2100-01-01T00:00:00Z }\n')];
  await apply(one);
  const planned = await plan([
    file('silences', '  q: { component: c, reason: other, until: 2100-01-01T00:00:00Z }\n'),
  ]);
  await sql`UPDATE bot_silences SET ended_at = engine.now()`.execute(db);
  await expect(applyPlan({ db, actor, catalogue }, { plan: planned })).rejects.toThrow(
    'nothing was applied',
  );
});

test('what follows from a limit that its set no longer names is told', async () => {
  await apply([file('limits', '  heals_per_hour: 7\n  cooldown_minutes: 3\n')]);
  const { changes } = await plan([file('limits', '  cooldown_minutes: 3\n')], {
    prune: true,
  });
  expect(changes).toMatchObject([{ action: 'remove', name: 'heals_per_hour' }]);
  await addConsequences({ db, catalogue }, changes);
  expect(changes[0]!.consequences).toEqual([expect.stringContaining('the gate budget stays open')]);
});

test('the mistakes of files are told where --set names another set', async () => {
  const wrong = plan([file('bots', '  sweeper: { shedule: x }\n', 'web')], { set: 'team' });
  await expect(wrong).rejects.toMatchObject({
    exitCode: 2,
    reasons: expect.arrayContaining([expect.stringContaining('shedule')]),
  });
});

test('an export writes into no file of another kind, and leaves a document that was never applied', async () => {
  const exported = (files: File[], all: boolean) =>
    exportOf(db, {
      all,
      kinds,
      files,
      placeOf: ({ kind }) => `${kind}.yaml`,
      schemaOf: ({ kind }) => `${kind}.schema.json`,
    });
  await expect(
    exported([file('settings', '  web_url: null\n', '', 'bots.yaml')], true),
  ).rejects.toThrow('nothing was written');
  const { files } = await exported([file('notifications', '  channels: {}\n', '')], false);
  expect(files).toEqual([]);
});

test('two that set a setting which was not set wait for each other', async () => {
  const planned = await plan([file('settings', '  backup_keep_days: 9\n')]);
  const { promise, resolve } = Promise.withResolvers<void>();
  const other = connect(url, { max: 1 });
  const held = other.transaction().execute(async (trx) => {
    await changeSetting({ db: trx, actor }, { name: 'backup_keep_days', value: 7 });
    resolve();
    await expect
      .poll(async () => {
        const { rows } =
          await sql`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`.execute(db);
        return rows.length;
      })
      .toBe(1);
  });
  await promise;
  const applied = applyPlan({ db, actor, catalogue }, { plan: planned });
  applied.catch(() => {});
  await held;
  await expect(applied).rejects.toThrow('nothing was applied');
  await other.destroy();
});

test('a time without a zone is the same on every host', () => {
  expect(settingOf('retention_from', '2026-12-24 00:00')).toBe('2026-12-24T00:00:00.000Z');
  expect(settingOf('retention_from', '2026-12-24')).toBe('2026-12-24T00:00:00.000Z');
  expect(settingOf('retention_from', '2026-12-24T00:00:00+02:00')).toBe('2026-12-23T22:00:00.000Z');
});

test('a definition called __proto__, and a NUL, are refused with their place', async () => {
  for (const [definitions, message] of [
    ['  __proto__: { schedule: "@daily", endpoint: conductor }\n', 'bots.yaml:5:3'],
    ['  ledger: { description: "a\\0b" }\n', 'bots.yaml:5:26'],
  ] as const)
    await expect(plan([file('bots', definitions)])).rejects.toMatchObject({
      reasons: [expect.stringContaining(message)],
    });
});
