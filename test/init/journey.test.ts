/**
 * The way of a new admin, from the tarball of this package to the next release: `init`, a bot of one's own and its test, definitions as
 * code, a heal, a change by hand and its revert, an upgrade from the last release with data in it, and no way back. After it, as an
 * ordinary user without a network: from the tarball to a bot that runs.
 *
 * npm takes what it has in its cache, and asks the registry that it is set to for the rest.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import manifest from '../../package.json' with { type: 'json' };
import { asLaterRelease, isAsPacked, packCheckout, packCommit } from '../support/packed.ts';
import { lastRelease } from './last-release.ts';
import { Machine, placeOfProjects, Project } from './new-project.ts';

// Only what hangs: each step waits for real processes, and on a busy machine they take many times as long.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });
const eventually = { timeout: 240_000, interval: 250 };

const directory = placeOfProjects();
const cache = join(directory, 'cache');
afterAll(() => fs.promises.rm(directory, { recursive: true, force: true }), 900_000);

// A step stands on those before it.
let hasFailed = false;
beforeEach(({ skip }) => skip(hasFailed, 'an earlier step failed'));
afterEach(({ task }) => {
  hasFailed ||= task.result?.state === 'fail';
});

let tarball: string;
beforeAll(async () => {
  tarball = await packCheckout(directory);
});

/** `npm exec roundsman init` and `npm install`, as nobody has done it there before. */
async function begin(machine: Machine): Promise<Project> {
  const command = ['exec', '--yes', `--package=${tarball}`, '--', 'roundsman', 'init', 'own'];
  const made = await machine.run('npm', [...command, `--from=${tarball}`], machine.home);
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('npm install\n  npm start') });
  const project = new Project(machine, join(machine.home, 'own'));
  const installed = await project.npm('install', '--prefer-offline', '--no-audit', '--no-fund');
  expect(installed).toMatchObject({ code: 0 });
  return project;
}

let own: Project;
const file = 'bots/late-orders.ts';
const bot = (db: Db) =>
  db.selectFrom('bots').selectAll().where('name', '=', 'late-orders').executeTakeFirst();
const successesOfHello = (db: Db) =>
  db
    .selectFrom('bot_executions')
    .innerJoin('bots', 'bots.id', 'bot_executions.bot_id')
    .select('bot_executions.id')
    .where('bots.name', '=', 'hello')
    .where('bot_executions.status', '=', 'success')
    .execute()
    .then(({ length }) => length);

test('init writes a project whose types and tests are right, and bots list works before the first start', async () => {
  const home = join(directory, 'admin');
  fs.mkdirSync(home);
  own = await begin(new Machine({ home, cache, who: {}, isOffline: false }));
  expect(await own.npm('run', 'check')).toMatchObject({ code: 0 });
  const tested = await own.npm('test');
  expect(tested).toMatchObject({ code: 0, out: expect.stringMatching(/pass 2\n[^]*fail 0\n/) });
  const listed = await own.npm('exec', '--', 'roundsman', 'bots', 'list', '--json');
  expect(listed.code).toBe(0);
  expect(JSON.parse(listed.out)).toContainEqual(expect.objectContaining({ name: 'hello' }));
  expect(fs.existsSync(own.home)).toBe(false);
});

test('a bot of its own: its test fails, and passes after the edit that the command names', async () => {
  own.edit('roundsman.config.ts', "builtIn: 'all'", "builtIn: ['ledger']");
  const made = await own.roundsman('bots', 'new', 'late-orders', '--remedy');
  expect(made.code).toBe(0);
  const failing = await own.node('--test', 'bots/late-orders.test.ts');
  expect(failing).toMatchObject({ code: 1, out: expect.stringContaining('fail 1\n') });
  const [, edited, written] = /: put (.+) in place of (.+)\.\n/.exec(made.out)!;
  own.edit(file, `= ${written}`, `= ${edited}`);
  expect(await own.node('--test', 'bots/late-orders.test.ts')).toMatchObject({ code: 0 });
  expect(fs.existsSync(own.home)).toBe(false);
});

let started: ReturnType<Project['start']> | undefined;
afterAll(() => started?.stop());

test('npm start makes a database, and the bots of the config run', async () => {
  started = own.start();
  await expect.poll(() => started!.said, eventually).toMatch(/hello +success/);
  await own.ask(async (db) => {
    await sql`CREATE TABLE late_orders_items (id text PRIMARY KEY, phase text NOT NULL)`.execute(
      db,
    );
    expect(await bot(db)).toMatchObject({ status: 'active', schedule_cron: '*/15 * * * *' });
    const names = await db.selectFrom('bots').select('name').orderBy('name').execute();
    expect(names.map(({ name }) => name)).toEqual(['hello', 'late-orders', 'ledger']);
  });
});

test('its definition as code: export, an edit, diff, apply, and nothing differs any more', async () => {
  expect(await own.roundsman('export', '-f', 'definitions')).toMatchObject({ code: 0 });
  expect(await own.roundsman('diff', '-f', 'definitions')).toMatchObject({ code: 0 });
  const named = '  late-orders:\n    schedule: "*/';
  own.edit('definitions/bots.yaml', `${named}15`, `${named}10`);
  own.edit(
    'definitions/knowledge.yaml',
    '  late-orders.stuck:\n',
    '  late-orders.stuck:\n    autonomy: auto\n',
  );
  const differs = await own.roundsman('diff', '-f', 'definitions');
  expect(differs).toMatchObject({ code: 1, out: expect.stringContaining('*/10 * * * *') });
  await own.ask(async (db) =>
    expect(await bot(db)).toMatchObject({ schedule_cron: '*/15 * * * *' }),
  );

  const applied = await own.roundsman('apply', '-f', 'definitions', '--yes');
  expect(applied).toMatchObject({ code: 0 });
  expect(await own.roundsman('diff', '-f', 'definitions')).toMatchObject({ code: 0 });
  await own.ask(async (db) => {
    expect(await bot(db)).toMatchObject({ schedule_cron: '*/10 * * * *' });
    const entry = db.selectFrom('bot_knowledge').select('autonomy');
    expect(await entry.where('name', '=', 'late-orders.stuck').execute()).toEqual([
      { autonomy: 'auto' },
    ]);
  });
});

test('it finds what is stuck and heals it, once the mode lets it act alone', async () => {
  const left = await own.roundsman('mode', 'auto', '--yes');
  expect(left).toMatchObject({ code: 0 });
  await own.ask((db) => sql`INSERT INTO late_orders_items VALUES ('order 7', 'stuck')`.execute(db));
  const round = await own.roundsman('round', 'late-orders');
  expect(round).toMatchObject({ code: 0, out: expect.stringContaining('late-orders') });
  await own.ask(async (db) => {
    const { rows } = await sql`SELECT id, phase FROM late_orders_items`.execute(db);
    expect(rows).toEqual([{ id: 'order 7', phase: 'waiting' }]);
    const actions = db.selectFrom('bot_actions').select(['state', 'remedy']);
    expect(await actions.where('remedy', '=', 'late-orders.set-free').execute()).toEqual([
      { state: 'verified', remedy: 'late-orders.set-free' },
    ]);
  });
});

test('a change by hand shows as a difference, and revert takes it back', async () => {
  const edited = await own.roundsman('bots', 'edit', 'late-orders', '--schedule', '0 3 * * *');
  expect(edited).toMatchObject({ code: 0 });
  const drift = await own.roundsman('diff', '-f', 'definitions');
  expect(drift).toMatchObject({ code: 1, out: expect.stringContaining('0 3 * * *') });
  expect(await own.roundsman('bots', 'revert', 'late-orders', '--yes')).toMatchObject({ code: 0 });
  expect(await own.roundsman('diff', '-f', 'definitions')).toMatchObject({ code: 0 });
  await own.ask(async (db) =>
    expect(await bot(db)).toMatchObject({ schedule_cron: '*/10 * * * *' }),
  );
});

const later = {
  version: `${manifest.version.replace(/\d+$/, (patch) => String(Number(patch) + 1))}-journey`,
  migration: 'zz_01_journey',
  sql: 'CREATE TABLE engine.journey (name text PRIMARY KEY);\n',
};

/** A digest of the rows of each table, without what migrating itself writes down. */
async function digests(db: Db): Promise<Record<string, string>> {
  const { rows } = await sql<{ name: string; digest: string }>`
    SELECT format('%I.%I', s.nspname, c.relname) AS name,
      (xpath('/row/d/text()', query_to_xml(format(
        'SELECT coalesce(md5(string_agg(md5(t::text), '''' ORDER BY md5(t::text))), ''empty'') AS d FROM %I.%I t', s.nspname, c.relname),
        false, true, '')))[1]::text AS digest
    FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE c.relkind = 'r' AND s.nspname IN ('public', 'engine')
      AND c.relname NOT IN ('kysely_migration', 'kysely_migration_lock', 'settings', 'journey')`.execute(
    db,
  );
  return Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
}

const migratedBy = async (db: Db) =>
  (
    await sql<{ value: string }>`
      SELECT value #>> '{}' AS value FROM engine.settings WHERE key = 'migrated_by'`.execute(db)
  ).rows[0]!.value;

const install = async (project: Project, from: string) =>
  expect(
    await project.npm('install', '--save-exact', '--prefer-offline', '--no-audit', `file:${from}`),
  ).toMatchObject({ code: 0 });

test('an upgrade from the last release keeps all data, and then the older engine is refused', async ({
  skip,
}) => {
  await started!.stop();
  started = undefined;
  const release = lastRelease();
  if (release === null)
    return skip('this clone has no tag and no history to take the last release from');
  const { commit } = release;
  const isSame = commit === null || (await isAsPacked(commit));
  const old = isSame ? tarball : await packCommit(directory, commit);
  let project = own;
  if (!isSame) {
    // Another release has to make its database itself.
    project = new Project(own.machine, own.directory, join(own.directory, '.roundsman-before'));
    await install(project, old);
    started = project.start();
    await expect.poll(() => started!.said, eventually).toMatch(/hello +success/);
    const edited = await project.roundsman('bots', 'edit', 'hello', '--schedule', '0 3 * * *');
    expect(edited).toMatchObject({ code: 0 });
    await started.stop();
    started = undefined;
  }
  const before = await project.ask(digests);
  expect(Object.values(before).filter((digest) => digest !== 'empty').length).toBeGreaterThan(10);
  expect(await project.ask(migratedBy)).toBe(
    (await project.roundsman('--version')).out.trim().split('\n').at(-1),
  );

  await install(project, await asLaterRelease(tarball, later));
  expect((await project.roundsman('--version')).out).toContain(later.version);
  const unready = await project.roundsman('bots', 'list');
  expect(unready).toMatchObject({ code: 1, err: expect.stringContaining('db migrate') });
  expect(await project.roundsman('db', 'migrate')).toMatchObject({
    code: 0,
    out: expect.stringContaining(later.migration),
  });
  const after = await project.ask(digests);
  if (isSame) expect(after).toEqual(before);
  expect(Object.keys(after)).toEqual(expect.arrayContaining(Object.keys(before)));
  expect(await project.ask(migratedBy)).toBe(later.version);
  const runs = await project.ask(successesOfHello);
  expect(await project.roundsman('round', 'hello')).toMatchObject({ code: 0 });
  expect(await project.ask(successesOfHello)).toBeGreaterThan(runs);

  await install(project, old);
  const there = await project.ask(digests);
  // To an earlier release its own newest migration is only one of those that it does not know.
  const isOlder = new RegExp(
    `version ${later.version} has applied (${later.migration}|\\S+ and \\d+ more migrations), and this is`,
  );
  for (const args of [['bots', 'list'], ['db', 'migrate'], ['round', 'hello'], ['up']]) {
    const { code, err, out } = await project.roundsman(...args);
    expect({ args, code, said: err + out }).toEqual({
      args,
      code: 1,
      said: expect.stringMatching(isOlder),
    });
    expect(err + out).toContain(`install version ${later.version} or a newer one`);
  }
  expect(await project.ask(digests)).toEqual(there);
});

const nobody = { uid: 65_534, gid: 65_534 };

test.runIf(process.geteuid?.() === 0)(
  'an ordinary user without a network goes from the tarball to a bot that runs',
  async () => {
    const home = join(directory, 'ordinary');
    fs.mkdirSync(home);
    fs.chownSync(home, nobody.uid, nobody.gid);
    fs.chownSync(cache, nobody.uid, nobody.gid);
    for (const entry of fs.readdirSync(cache, { recursive: true }))
      fs.lchownSync(join(cache, String(entry)), nobody.uid, nobody.gid);
    // What the admin has installed takes as much room again.
    await fs.promises.rm(own.directory, { recursive: true });
    const project = await begin(new Machine({ home, cache, who: nobody, isOffline: true }));
    const tested = await project.npm('test');
    expect(tested).toMatchObject({ code: 0, out: expect.stringMatching(/pass 2\n[^]*fail 0\n/) });
    const running = project.start().endWithTest();
    await expect.poll(() => running.said, eventually).toMatch(/hello +success/);
    const listed = await project.roundsman('bots', 'list', '--json');
    expect(JSON.parse(listed.out)).toContainEqual(
      expect.objectContaining({ name: 'hello', status: 'active' }),
    );
  },
);
