/** Files of definitions against rows: what a plan says, what an apply does, and what it refuses. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { bots, remedies } from '../../../bots/index.ts';
import { catalogueOf } from '../../../src/catalogue/catalogue.ts';
import { connect } from '../../../src/database/connect.ts';
import { registerCatalogue } from '../../../src/schedule/register.ts';
import {
  applyPlan,
  ChangedMeanwhileError,
  OtherApplyError,
} from '../../../src/services/definitions/apply.ts';
import { exportOf } from '../../../src/services/definitions/export.ts';
import { kinds } from '../../../src/services/definitions/kinds/index.ts';
import { planOf, type Asked } from '../../../src/services/definitions/plan.ts';
import { refuseManyRemovals } from '../../../src/services/definitions/removals.ts';
import { editBot } from '../../../src/services/bots/edit.ts';
import { removeBot } from '../../../src/services/bots/remove.ts';
import { renameBot } from '../../../src/services/bots/rename.ts';
import { NotAllowedError } from '../../../src/services/actor.ts';
import { testDatabase } from '../../support/database.ts';

const { db, url } = await testDatabase();
const catalogue = catalogueOf(bots, remedies);
const actor = { name: 'ann', role: 'owner' } as const;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, engine.definitions CASCADE`.execute(db);
  await registerCatalogue(db, catalogue);
});

const file = (kind: string, definitions: string, { set = '', place = `${kind}.yaml` } = {}) => ({
  place,
  text: `apiVersion: roundsman/v1\nkind: ${kind}\n${set && `set: ${set}\n`}definitions:\n${definitions}`,
});
type File = ReturnType<typeof file>;

const plan = (files: File[], asked: Omit<Asked, 'files'> = {}) =>
  planOf({ db, catalogue }, { ...asked, files });
const apply = async (files: File[], asked: Omit<Asked, 'files'> = {}) => {
  const planned = await plan(files, asked);
  await applyPlan({ db, actor, catalogue }, { plan: planned });
  return planned;
};
const exported = (files: File[] = [], all = files.length === 0) =>
  exportOf(db, {
    all,
    kinds,
    files,
    placeOf: ({ kind }) => `${kind}.yaml`,
    schemaOf: ({ kind }) => `${kind}.schema.json`,
  });
const botNamed = (name: string) =>
  db.selectFrom('bots').selectAll().where('name', '=', name).executeTakeFirst();
const wrong = async (files: File[], asked: Omit<Asked, 'files'> = {}) => {
  const error = await plan(files, asked).then(
    () => null,
    (thrown: Error & { reasons?: string[]; exitCode?: number }) => thrown,
  );
  expect(error?.exitCode).toBe(2);
  return error!.reasons!;
};

const newBot = `  sweeper:
    schedule: '*/5 * * * *'
    endpoint: conductor
    timeout: 90s
    config: { max_findings: 3 }
`;

describe('a plan', () => {
  test('names each field that differs, and changes nothing', async () => {
    const before = await botNamed('curator');
    const { changes, same } = await plan([
      file('bots', `${newBot}  curator: { schedule: 41 4 * * * }\n  oracle: { timezone: null }\n`),
    ]);
    expect(changes.map(({ action, name, fields }) => [action, name, fields])).toEqual([
      ['change', 'curator', [{ field: 'schedule', before: '40 4 * * *', after: '41 4 * * *' }]],
      [
        'add',
        'sweeper',
        [
          { field: 'schedule', before: null, after: '*/5 * * * *' },
          { field: 'endpoint', before: null, after: '/api/bots/conductor' },
          { field: 'config', before: null, after: { max_findings: 3 } },
          { field: 'timeout', before: null, after: '90s' },
        ],
      ],
    ]);
    expect(same.map(({ written }) => written.name)).toEqual(['oracle']);
    expect(await botNamed('curator')).toEqual(before);
    expect(await botNamed('sweeper')).toBeUndefined();
  });

  test('has the same hash as long as neither the files nor the rows change', async () => {
    const files = [file('bots', '  curator: { schedule: 41 4 * * * }\n')];
    const { hash } = await plan(files);
    expect((await plan(files)).hash).toBe(hash);
    await editBot({ db, actor, catalogue }, { bot: 'curator', edit: { priority: 3 } });
    expect((await plan(files)).hash).not.toBe(hash);
  });

  test('leaves a field alone that is absent, and null is as it is unless given', async () => {
    await apply([file('bots', newBot)]);
    await apply([file('bots', '  sweeper: { timeout: null }\n')]);
    expect(await botNamed('sweeper')).toMatchObject({
      timeout_seconds: 60,
      config: { max_findings: 3 },
      schedule_cron: '*/5 * * * *',
    });
  });

  test('resets each field to what the tables have unless it is given', async () => {
    const kind = kinds.find((each) => each.kind === 'bots')!;
    await db
      .insertInto('bots')
      .values({
        name: 'bare',
        display_name: 'bare',
        schedule_cron: '@daily',
        api_endpoint: '/api/bots/conductor',
      })
      .execute();
    const bare = (await kind.present(db)).find(({ name }) => name === 'bare')!.values;
    const { schedule: _, endpoint: __, ...others } = bare;
    expect(others).toEqual(kind.defaults('bare'));
  });
});

describe('an apply', () => {
  test('adds and changes bots and knowledge as their files say, once', async () => {
    const files = [
      file('bots', newBot),
      file(
        'knowledge',
        `  sweep.stuck:
    category: sweeping
    pattern: broom is stuck
    solution: |-
      Free the broom.
      Then sweep again.
    autonomy: suggest
    half_life_days: 30
`,
      ),
    ];
    await apply(files);
    expect(await botNamed('sweeper')).toMatchObject({
      schedule_cron: '*/5 * * * *',
      api_endpoint: '/api/bots/conductor',
      timeout_seconds: 90,
      config: { max_findings: 3 },
      status: 'active',
    });
    const entry = await db
      .selectFrom('bot_knowledge')
      .selectAll()
      .where('name', '=', 'sweep.stuck')
      .executeTakeFirstOrThrow();
    expect(entry).toMatchObject({
      solution: 'Free the broom.\nThen sweep again.',
      autonomy: 'suggest',
      half_life_days: 30,
      enabled: true,
    });
    const events = await db
      .selectFrom('bot_knowledge_events')
      .selectAll()
      .where('knowledge_id', '=', entry.id)
      .execute();
    expect(events.map(({ event, actor }) => [event, actor])).toEqual([
      ['added', 'ann'],
      ['edited', 'ann'],
    ]);
    const again = await plan(files);
    expect(again.changes).toEqual([]);
    expect(again.same).toHaveLength(2);
  });

  test('is for owners and admins', async () => {
    const planned = await plan([file('bots', newBot)]);
    await expect(
      applyPlan({ db, actor: { name: 'bob', role: 'operator' }, catalogue }, { plan: planned }),
    ).rejects.toThrow(NotAllowedError);
    expect(await botNamed('sweeper')).toBeUndefined();
  });

  test('disables a bot and enables it again', async () => {
    await apply([file('bots', '  curator: { enabled: false }\n')]);
    expect(await botNamed('curator')).toMatchObject({ status: 'disabled' });
    await apply([file('bots', '  curator: { enabled: true }\n')]);
    expect(await botNamed('curator')).toMatchObject({ status: 'active' });
  });

  test('renames a bot with its history, and back when a person has renamed it', async () => {
    await apply([file('bots', newBot)]);
    const { id } = (await botNamed('sweeper'))!;
    const renamed = newBot.replace('sweeper:\n', 'broom:\n    was: sweeper\n');
    expect((await apply([file('bots', renamed)])).changes[0]).toMatchObject({ action: 'rename' });
    expect(await botNamed('broom')).toMatchObject({ id });
    await renameBot({ db, actor }, { bot: 'broom', name: 'mop' });
    const back = await apply([file('bots', renamed)]);
    expect(back.changes).toMatchObject([
      { action: 'rename', name: 'broom', before: { name: 'mop' } },
    ]);
    expect(await botNamed('broom')).toMatchObject({ id });
    expect((await plan([file('bots', renamed)])).changes).toEqual([]);
  });

  test('changes nothing at all where one of its changes is refused', async () => {
    const planned = await plan([
      file('bots', newBot),
      file('knowledge', '  a.new: { category: x, pattern: abcdef, solution: do it }\n'),
    ]);
    // The plan is made, and then a person takes the name: the table refuses the second one.
    await sql`INSERT INTO bot_knowledge (name, category, issue_pattern, solution) VALUES ('a.new', 'x', 'other', 'y')`.execute(
      db,
    );
    await expect(applyPlan({ db, actor, catalogue }, { plan: planned })).rejects.toThrow(
      ChangedMeanwhileError,
    );
    expect(await botNamed('sweeper')).toBeUndefined();
  });

  test('refuses a row that was changed after the plan, and says what changed and by whom', async () => {
    const planned = await plan([file('bots', '  curator: { schedule: 41 4 * * * }\n')]);
    await editBot(
      { db, actor, catalogue },
      { bot: 'curator', edit: { schedule_cron: '42 4 * * *' } },
    );
    const error = await applyPlan({ db, actor, catalogue }, { plan: planned }).catch(
      (each: unknown) => each,
    );
    expect(error).toBeInstanceOf(ChangedMeanwhileError);
    expect((error as ChangedMeanwhileError).reasons).toEqual([
      expect.stringMatching(
        /^bots curator: schedule was "40 4 \* \* \*" and is "42 4 \* \* \*" now, by ann at [\d-]+ [\d:]+ UTC$/,
      ),
    ]);
    expect(await botNamed('curator')).toMatchObject({ schedule_cron: '42 4 * * *' });
  });

  test('names who changed what the plan touches, of each kind, also by a statement and by a removal', async () => {
    const bob = { name: 'bob', role: 'owner' } as const;
    await apply([file('bots', newBot), file('limits', '  cooldown_minutes: 9\n')]);
    const planned = await plan([
      file('bots', `${newBot.replace('90s', '80s')}  curator: { schedule: 41 4 * * * }\n`),
      file('knowledge', '  ledger.cached-credits: { half_life_days: 50 }\n'),
      file('limits', '  cooldown_minutes: 10\n'),
    ]);
    await removeBot({ db, actor: bob }, { bot: 'sweeper', reason: null });
    await editBot(
      { db, actor: bob, catalogue },
      { bot: 'curator', edit: { schedule_cron: '@daily' } },
    );
    // The newest change is of a field that the plan does not touch.
    await editBot({ db, actor, catalogue }, { bot: 'curator', edit: { priority: 2 } });
    await sql`UPDATE bot_knowledge SET half_life_days = 60 WHERE name = 'ledger.cached-credits'`.execute(
      db,
    );
    await sql`UPDATE engine.settings SET value = value || '{"cooldown_minutes": 11}' WHERE key = 'healing'`.execute(
      db,
    );
    const error = await applyPlan({ db, actor, catalogue }, { plan: planned }).catch(
      (each: unknown) => each,
    );
    const login = (await sql<{ me: string }>`SELECT session_user AS me`.execute(db)).rows[0]!.me;
    expect((error as ChangedMeanwhileError).reasons).toEqual([
      expect.stringMatching(
        new RegExp(`^limits cooldown_minutes: value was 9 and is 11 now, by ${login} at `),
      ),
      expect.stringMatching(/^bots sweeper was removed, by bob at /),
      expect.stringMatching(/^bots curator: .*priority was 0 and is 2 now, by ann at /),
      expect.stringMatching(
        new RegExp(
          `^knowledge ledger.cached-credits: half_life_days was \\d+ and is 60 now, by ${login} at `,
        ),
      ),
    ]);
  });

  test('is in the history with its set and the file, also where the file no longer names what it removes', async () => {
    const own = (text: string) => file('bots', text, { set: 'web', place: 'web/bots.yaml' });
    await apply([own(`${newBot}${newBot.replace('sweeper', 'mop')}`)]);
    await apply([own(newBot)], { prune: true });
    await apply([file('limits', '  cooldown_minutes: 8\n', { place: 'more.yaml' })]);
    const { rows } = await sql<{ name: string; place: string }>`
      SELECT event, name, place FROM engine.definition_changes WHERE source = 'apply' ORDER BY id`.execute(
      db,
    );
    expect(rows.slice(-4)).toMatchObject([
      { event: 'added', name: 'mop', place: 'the set web, web/bots.yaml' },
      { event: 'added', name: 'sweeper', place: 'the set web, web/bots.yaml' },
      { event: 'changed', place: 'the set web, no longer in web/bots.yaml' },
      { event: 'changed', name: 'cooldown_minutes', place: 'more.yaml' },
    ]);
  });

  test('twice at once is done once', async () => {
    const others = connect(url, { name: 'other apply' });
    try {
      const files = [file('bots', `${newBot}  curator: { schedule: 41 4 * * * }\n`)];
      const planned = await Promise.all([plan(files), plan(files)]);
      const done = await Promise.all(
        planned.map((each, index) =>
          applyPlan({ db: index ? others : db, actor, catalogue }, { plan: each }),
        ),
      );
      expect(done.toSorted((a, b) => a.made - b.made)).toEqual([
        { changed: 2, made: 0 },
        { changed: 0, made: 2 },
      ]);
    } finally {
      await others.destroy();
    }
  });

  test('whose connection is lost in the middle has changed nothing, and another one does it all', async () => {
    const applying = connect(url, { name: 'lost apply', max: 1 });
    const holding = connect(url, { name: 'holder', max: 1 });
    try {
      const planned = await plan([
        file('limits', '  cooldown_minutes: 9\n'),
        file('bots', `${newBot}  curator: { schedule: 41 4 * * * }\n`),
      ]);
      const before = await botNamed('curator');
      await holding.transaction().execute(async (trx) => {
        await sql`SELECT FROM bots WHERE name = 'curator' FOR UPDATE`.execute(trx);
        const ended = applyPlan({ db: applying, actor, catalogue }, { plan: planned }).then(
          () => null,
          (error: unknown) => error,
        );
        // It has locked the setting by then, and waits for the bot.
        await expect
          .poll(async () => {
            const { rows } = await sql<{ pid: number }>`
              SELECT pg_terminate_backend(pid) AS pid FROM pg_stat_activity
              WHERE application_name LIKE '%lost apply%' AND wait_event_type = 'Lock'`.execute(db);
            return rows.length;
          })
          .toBe(1);
        expect(await ended).toBeInstanceOf(Error);
      });
      expect(await botNamed('curator')).toEqual(before);
      expect(await botNamed('sweeper')).toBeUndefined();
      expect(await applyPlan({ db, actor, catalogue }, { plan: planned })).toEqual({
        changed: 3,
        made: 0,
      });
    } finally {
      await Promise.all([applying.destroy(), holding.destroy()]);
    }
  });

  test('asks before an entry acts alone', async () => {
    const [name] = (
      await db
        .selectFrom('bot_knowledge')
        .select('name')
        .where('autonomy', '=', 'auto')
        .limit(1)
        .execute()
    ).map((row) => row.name);
    await apply([file('knowledge', `  ${name}: { autonomy: shadow }\n`)]);
    expect(
      (await plan([file('knowledge', `  ${name}: { autonomy: auto }\n`)])).changes[0]!.asks,
    ).toMatch(/without being asked/);
  });
});

describe('a set', () => {
  const own = (definitions: string) => file('bots', definitions, { set: 'web' });
  const two = `${newBot}${newBot.replace('sweeper', 'mop')}`;

  test('removes what its files no longer name, and nothing else', async () => {
    await apply([own(two)]);
    const left = await plan([own(newBot)]);
    expect(left.changes).toEqual([]);
    expect(left.notes).toEqual([
      expect.stringContaining('1 definition of the set web is no longer in its files'),
    ]);
    const pruned = await plan([own(newBot)], { prune: true });
    expect(pruned.changes.map(({ action, name }) => [action, name])).toEqual([['remove', 'mop']]);
    expect(() => refuseManyRemovals(pruned, null)).toThrow(/1 of the 2 definitions of the set web/);
    expect(() => refuseManyRemovals(pruned, 2)).toThrow(
      /1 definition would be removed, and --yes says 2/,
    );
    refuseManyRemovals(pruned, 1);
    await applyPlan({ db, actor, catalogue }, { plan: pruned });
    expect(await botNamed('mop')).toMatchObject({ removed_at: expect.any(Date) });
    expect(await botNamed('curator')).toMatchObject({ removed_at: null });
    expect((await plan([own(newBot)], { prune: true })).changes).toEqual([]);
  });

  test('without a definition prunes nothing, and neither does a folder without a set', async () => {
    await apply([own(two)]);
    expect(await wrong([own('  {}\n')], { prune: true })).toEqual([
      expect.stringContaining('names no definition'),
    ]);
    expect(await wrong([file('bots', newBot)], { prune: true })).toEqual([
      expect.stringContaining('belong to no set'),
    ]);
  });

  test('does not take what belongs to another set, unless that is asked for', async () => {
    await apply([own(newBot)]);
    const other = [file('bots', newBot, { set: 'api', place: 'api.yaml' })];
    expect(await wrong(other)).toEqual([
      expect.stringMatching(/^api.yaml:5:3 sweeper: belongs to the set web \(bots.yaml\)/),
    ]);
    await apply(other, { takeOver: true });
    expect(
      (
        await plan([own('  mop: { was: nothing, schedule: "@daily", endpoint: conductor }\n')], {
          prune: true,
        })
      ).changes.map(({ action }) => action),
    ).toEqual(['add']);
  });
});

describe('an export', () => {
  test('is what there is: its apply changes nothing', async () => {
    await apply([file('bots', newBot)]);
    const { files } = await exported();
    expect(files.map(({ place }) => place)).toEqual(
      expect.arrayContaining(['bots.yaml', 'knowledge.yaml']),
    );
    const { text } = files.find(({ place }) => place === 'bots.yaml')!;
    expect(text).toMatch(/^# yaml-language-server: \$schema=bots.schema.json\n/);
    const { changes } = await plan(files);
    expect(changes).toEqual([]);
    expect((await exported(files)).files).toEqual([]);
  });

  test('takes over what was changed by hand, and comments and order stay', async () => {
    const text = file(
      'bots',
      `  # the one that sweeps
  sweeper: # at night
    endpoint: conductor # as it is
    # five minutes
    schedule: '*/5 * * * *' # often
    config:
      # few
      max_findings: 3
  # the other one
  mop: { schedule: '@daily', endpoint: conductor }
`,
    );
    await apply([text]);
    await editBot(
      { db, actor, catalogue },
      { bot: 'sweeper', edit: { schedule_cron: '*/7 * * * *', priority: 2 } },
    );
    await renameBot({ db, actor }, { bot: 'mop', name: 'broom' });
    const [after] = (await exported([text])).files;
    // The library writes a comment behind a key that begins a map in the line below it.
    expect(after!.text).toContain(`  # the one that sweeps
  sweeper:
    # at night
    endpoint: conductor # as it is
    # five minutes
    schedule: "*/7 * * * *" # often
    config:
      # few
      max_findings: 3
    priority: 2
  # the other one
  broom: { schedule: '@daily', endpoint: conductor, display_name: mop }
`);
    expect((await plan([{ place: 'bots.yaml', text: after!.text }])).changes).toEqual([]);
  });

  test('leaves out what looks like a credential, and its apply leaves that alone', async () => {
    await apply([file('bots', newBot)]);
    await sql`UPDATE bots SET description = 'password=hunter2hunter2' WHERE name = 'sweeper'`.execute(
      db,
    );
    const { files, left } = await exported();
    expect(left).toEqual(['bots sweeper: description']);
    expect(JSON.stringify(files)).not.toContain('hunter2');
    expect((await plan(files)).changes).toEqual([]);
  });
});

describe('a file is refused with the place of each mistake:', () => {
  const text = (whole: string) => [{ place: 'a.yaml', text: whole }];
  test.each([
    ['', /^a.yaml:1:1 is empty; it begins with apiVersion: roundsman\/v1/],
    ['- a\n', /^a.yaml:1:1 has to be a map/],
    ['kind: bots\n', /^a.yaml:1:1 apiVersion: is missing/],
    ['apiVersion: roundsman/v2\nkind: bots\n', /^a.yaml:1:1 apiVersion: has to be roundsman\/v1/],
    [
      'apiVersion: roundsman/v1\nkind: bot\n',
      /^a.yaml:2:1 kind: there is no such kind; did you mean bots\?/,
    ],
    ['a: 1\n---\nb: 2\n', /is several documents/],
    ['a: &x [1]\nb: *x\n', /^a.yaml:1:7 anchors are not allowed/],
    ['<<: { a: 1 }\n', /merge keys are not allowed/],
    ['a: 1\na: 2\n', /^a.yaml:2:1 this key is there already/],
    ['a:\n\tb: 1\n', /a tab stands where lines are indented/],
    ['1: 2\n', /^a.yaml:1:1 a key has to be text; a name that YAML reads as a number/],
    ['a: !!js/function x\n', /Unresolved tag/],
    [`a: ${'x'.repeat(5_000_000)}\n`, /is 5000004 bytes long/],
    [`a: ${'['.repeat(100_000)}\n`, /nested too deeply|flow/i],
    [`a: ${'{a: '.repeat(3_000)}1${'}'.repeat(3_000)}\n`, /nested too deeply$/],
  ])('%.40s', async (whole, message) => {
    const reasons = await wrong(text(whole));
    expect(
      reasons.some((each) => message.test(each)),
      reasons.join('\n'),
    ).toBe(true);
  });

  test('several at once, with what would be right', async () => {
    const reasons = await wrong([
      file(
        'bots',
        `  curator:
    schedul: '@daily'
    timeout: 5
    catch_up: never
  oracle:
    priority: -1
`,
      ),
    ]);
    expect(reasons).toEqual([
      expect.stringMatching(
        /^bots.yaml:5:5 curator: there is no "schedul"; did you mean schedule\?/,
      ),
      expect.stringMatching(/^bots.yaml:6:14 curator: timeout: it has no unit; did you mean 5s/),
      expect.stringMatching(/^bots.yaml:7:15 curator: catch_up: has to be one of skip, last, all/),
      expect.stringMatching(/^bots.yaml:9:15 oracle: priority: has to be 0 at least/),
    ]);
  });

  test('what a service refuses has its place, too', async () => {
    const reasons = await wrong([
      file(
        'bots',
        `  curator:
    schedule: 61 4 * * *
  oracle:
    timezone: Europe/Berlinn
  Big: { schedule: '@daily', endpoint: conductor }
  half: { schedule: '@daily' }
  off: { schedule: '@daily', endpoint: curatr }
`,
      ),
      file('knowledge', '  a.b: { category: x, pattern: "(", solution: y }\n'),
    ]);
    expect(reasons).toHaveLength(6);
    expect(reasons[0]).toMatch(/^bots.yaml:5:5 curator: schedule: /);
    expect(reasons[1]).toMatch(/^bots.yaml:7:5 oracle: .*did you mean Europe\/Berlin/);
    expect(reasons[2]).toMatch(/^bots.yaml:8:3 Big: .*lower-case/);
    expect(reasons[3]).toMatch(/^bots.yaml:9:3 half: endpoint is missing/);
    expect(reasons[4]).toMatch(/off: .*did you mean .*curator/);
    expect(reasons[5]).toMatch(/^knowledge.yaml:4:\d+ a.b: /);
  });

  test('a name twice, in two files', async () => {
    const reasons = await wrong([
      file('bots', newBot, { place: 'a.yaml' }),
      file('bots', newBot, { place: 'b.yaml' }),
    ]);
    expect(reasons).toEqual(['b.yaml:4:3 sweeper: is defined twice: also in a.yaml:4']);
  });

  test('names that other readers of YAML take for something else are names', async () => {
    const odd = ['no', 'null', '2026-12-24', '007', 'on'];
    await apply([
      file(
        'bots',
        odd.map((name) => `  '${name}': { schedule: '@daily', endpoint: conductor }\n`).join(''),
      ),
    ]);
    const { files } = await exported();
    expect((await plan(files)).changes).toEqual([]);
    const { text } = files.find(({ place }) => place === 'bots.yaml')!;
    for (const name of odd) expect(text).toMatch(new RegExp(`^  ['"]${name}['"]:`, 'm'));
  });

  test('Windows ends of lines are read', async () => {
    const { place, text } = file('bots', newBot);
    await apply([{ place, text: text.replaceAll('\n', '\r\n') }]);
    expect(await botNamed('sweeper')).toMatchObject({ timeout_seconds: 90 });
  });
});

test('an apply that waits too long for another one says so, and has changed nothing', async () => {
  const own = connect(url, { max: 1 });
  onTestFinished(() => own.destroy());
  await sql`SET lock_timeout = '100ms'`.execute(own);
  const planned = await plan([file('bots', newBot)]);
  const failed = await db.transaction().execute(async (trx) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('apply definitions', 0))`.execute(trx);
    return applyPlan({ db: own, actor, catalogue }, { plan: planned }).catch((error) => error);
  });
  expect(failed).toBeInstanceOf(OtherApplyError);
  expect(failed.why).toContain('another apply');
  expect(await botNamed('sweeper')).toBeUndefined();
  await applyPlan({ db: own, actor, catalogue }, { plan: planned });
  expect(await botNamed('sweeper')).toBeDefined();
});
