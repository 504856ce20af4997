/** A bot's settings and its endpoint, as a person sees and gives them. */
import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminal } from '../support/terminal.ts';
import { roundsman } from './command.ts';
import { insertBot } from './rows.ts';

const { db, url } = await testDatabase();
const bots = (...args: string[]) => roundsman(url, 'bots', ...args);
const configOf = async (name: string) =>
  (await db.selectFrom('bots').selectAll().where('name', '=', name).executeTakeFirstOrThrow())
    .config;

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge CASCADE`.execute(db);
});

describe('show', () => {
  test('says of each setting what it is for, what it takes, and what it is', async () => {
    await insertBot(db, 'watch', { config: '{"min_expired": 7, "odd": [1]}' });
    const { out } = await bots('show', 'watch');
    expect(out).toContain(
      'min_expired = 7 (default 1)\n      fewer expired sessions than this are no finding; takes a whole number from 1 to 1000000\n',
    );
    expect(out).toMatch(/depends_on = \{\} \(default\)/);
    expect(out).toContain('odd = [1]   not a setting of this bot');
    expect(out).not.toContain('Config {}');
  });

  test('gives them with --json', async () => {
    await insertBot(db, 'watch', { config: '{"min_expired": 7}' });
    const { settings } = (await bots('show', 'watch', '--json')).json();
    expect([settings[0], settings.at(-1)]).toEqual([
      {
        key: 'min_expired',
        meaning: expect.any(String),
        takes: 'a whole number from 1 to 1000000',
        required: false,
        default: 1,
        value: 7,
      },
      expect.objectContaining({ key: 'depends_on', value: null }),
    ]);
  });

  test('shows the config as it is where the endpoint names no bot', async () => {
    await insertBot(db, 'watch', { api_endpoint: '/api/bots/gone', config: '{"a": 1}' });
    expect((await bots('show', 'watch')).out).toContain('{"a":1}   its settings are not known');
  });
});

describe('add and edit', () => {
  test('take the name of a bot of the catalogue for its endpoint', async () => {
    const added = await bots(
      'add',
      'mine',
      '--endpoint',
      'ledger',
      '--schedule',
      '@daily',
      '--json',
    );
    expect(added.json()).toMatchObject({ api_endpoint: '/api/bots/ledger', catalogue_name: null });
    const edited = await bots('edit', 'mine', '--endpoint', 'janitor', '--json');
    expect(edited.json()).toMatchObject({ api_endpoint: '/api/bots/janitor' });
    const { code, err } = await bots('edit', 'mine', '--endpoint', 'janitr');
    expect(code).toBe(2);
    expect(err).toContain('did you mean /api/bots/janitor');
  });

  test('set one setting and leave the others', async () => {
    const options = [
      '--endpoint',
      'conductor',
      '--schedule',
      '@daily',
      '--set',
      'min_runs=3',
      '--set',
      'paused_days=2',
    ];
    expect((await bots('add', 'mine', ...options)).code).toBe(0);
    const { out } = await bots('edit', 'mine', '--set', 'min_runs=4', '--unset', 'paused_days');
    expect(out).toMatch(/config .*"min_runs":3.* -> .*\{"min_runs":4\}/);
    expect(await configOf('mine')).toEqual({ min_runs: 4 });
    expect((await bots('edit', 'mine', '--set', 'min_runs=4')).out).toContain(
      'has these values already',
    );
  });

  test.each([
    [['--set', 'min_expird=2'], 'did you mean min_expired?'],
    [['--set', 'min_expired=0'], 'min_expired: a whole number from 1'],
    [['--set', 'min_expired=many'], 'min_expired: a whole number from 1'],
    [['--config', '{"min_expird": 2}'], 'did you mean min_expired?'],
    [['--set', 'min_expired=2', '--config', '{}'], '--config'],
    [['--unset', 'min_expird'], 'did you mean min_expired?'],
  ])('refuse %j and say what would fit', async (options, said) => {
    await insertBot(db, 'watch');
    const { code, err } = await bots('edit', 'watch', ...options);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(said) });
    expect(await configOf('watch')).toEqual({});
  });

  test('two edits of different settings at once keep both', async () => {
    await insertBot(db, 'watch', { api_endpoint: '/api/bots/conductor' });
    const both = await Promise.all([
      bots('edit', 'watch', '--set', 'min_runs=4'),
      bots('edit', 'watch', '--set', 'paused_days=2'),
    ]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(await configOf('watch')).toEqual({ min_runs: 4, paused_days: 2 });
  });
});

describe('catalogue', () => {
  test('lists the endpoints that there are, and what each takes', async () => {
    const all = (await bots('catalogue', '--json')).json();
    expect(all.map(({ endpoint }: any) => endpoint)).toContain('/api/bots/ledger');
    const one = await bots('catalogue', '/api/bots/ledger');
    expect(one.out).toMatch(/cached-credits: Do cached credits match the ledger\?/);
    expect(one.out).toContain('max_findings = 50 (default)');
    const { code, err } = await bots('catalogue', 'ledgr');
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringContaining('did you mean ledger?'),
    });
  });
});

describe.skipIf(!hasTerminal)('on a terminal', () => {
  test('each answer is checked at once, and asked for again on an empty line, where the arrow up brings it back', async () => {
    const { code, shown } = await inTerminal(
      url,
      ['bots', 'add', 'mine'],
      [
        ['What runs', 'ledgr\r'],
        ['What runs', 'sentinel-ap\r'],
        // The cursor stands behind what was typed.
        ['What runs', '\u001B[A\u001B[A\u007Fer\r'],
        ['Schedule', '61 * * * *\r'],
        ['Schedule', '@hourly\r'],
        ['Zone of the schedule', '\r'],
        ['Go through', 'n\r'],
        ['Add it?', 'y\r'],
      ],
    );
    expect(shown).toContain('did you mean /api/bots/ledger');
    expect(code).toBe(0);
    expect(await db.selectFrom('bots').select(['api_endpoint', 'schedule_cron']).execute()).toEqual(
      [{ api_endpoint: '/api/bots/ledger', schedule_cron: '@hourly' }],
    );
  });

  test('a name that is taken is told before anything is asked', async () => {
    await insertBot(db, 'mine');
    const { code, shown } = await inTerminal(url, ['bots', 'add', 'mine'], []);
    expect(code).toBe(1);
    expect(shown).toContain('a bot of that name exists');
    expect(shown).not.toContain('What runs');
  });

  test('a removal is asked for, and no is no', async () => {
    await insertBot(db, 'mine');
    const no = await inTerminal(url, ['bots', 'remove', 'mine'], [['[y/N]', 'n\r']]);
    expect(no.shown).toContain('nothing was changed');
    expect(await db.selectFrom('bots').select('removed_at').execute()).toEqual([
      { removed_at: null },
    ]);
    const yes = await inTerminal(url, ['bots', 'remove', 'mine'], [['[y/N]', 'y\r']]);
    expect(yes.shown).toContain('Removed mine');
  });

  test('the pattern of knowledge is checked when it is typed', async () => {
    const args = ['knowledge', 'add', 'mine', '--category', 'x', '--solution', 'Look.'];
    const { code, shown } = await inTerminal(url, args, [
      ['Pattern', '(disk\r'],
      ['Pattern', '(disk is full)\r'],
      ['Add it?', 'y\r'],
    ]);
    expect(code).toBe(0);
    expect(shown).toContain('error:');
    const [entry] = await db.selectFrom('bot_knowledge').select('issue_pattern').execute();
    expect(entry).toEqual({ issue_pattern: '(disk is full)' });
  });
});
