import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { editKnowledge } from '../support/transitions.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertHeal, insertKnowledge } from './knowledge-rows.ts';
import { insertBot, insertFinding } from './rows.ts';

const { db, url } = await testDatabase();
const botId = await insertBot(db, 'watch');
// So that their category is one that something has.
await insertFinding(db, botId, 'Sessions pile up', { category: 'sessions' });
const folder = await mkdtemp(join(tmpdir(), 'knowledge-'));
afterAll(() => rm(folder, { recursive: true }));

const knowledge = (...args: string[]) => roundsman(url, 'knowledge', ...args);
const row = (name: string) =>
  db.selectFrom('bot_knowledge').selectAll().where('name', '=', name).executeTakeFirst();
const events = (name: string) =>
  db
    .selectFrom('bot_knowledge_events as e')
    .innerJoin('bot_knowledge as k', 'k.id', 'e.knowledge_id')
    .select(['e.event', 'e.before', 'e.after', 'e.figures', 'e.actor'])
    .where('k.name', '=', name)
    .orderBy('e.id')
    .execute();
async function file(name: string, text: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}
const about = ['--category', 'sessions', '--pattern', 'sessions pile up'];
const safe = 'steps:\n  - remedy: session.expire\n';
const irreversible =
  'steps:\n  - remedy: http.request\n    with:\n      url: https://example.com/restart\n      method: POST\n';

beforeEach(async () => {
  await db.deleteFrom('bot_knowledge').execute();
});

/** Which database it is, and nothing else. */
const told = expect.stringMatching(/^(database: [^\n]*\n)?$/);

describe('a category that nothing has so far', () => {
  const solution = ['--pattern', 'pile up', '--solution', 'Look.'];

  test('is told when an entry gets it, with the nearest one, and is kept', async () => {
    await insertFinding(db, botId, 'Part a is broken', { category: 'part' });
    const added = await knowledge('add', 'k9', '--category', 'prt', ...solution);
    expect([added.code, added.err]).toEqual([
      0,
      expect.stringMatching(/no finding ever had the category.* prt \(did you mean part\?\)/),
    ]);
    expect(await row('k9')).toMatchObject({ category: 'prt' });
    const asJson = await knowledge('edit', 'k9', '--category', 'prat', '--json');
    expect(asJson.json()).toMatchObject({
      category: 'prat',
      warnings: [expect.stringContaining('(did you mean part or prt?)')],
    });
  });

  test('is one that neither a finding nor another entry has', async () => {
    await insertKnowledge(db, 'disk.full', { category: 'disk' });
    const [finding, entry] = [
      await knowledge('add', 'a1', '--category', 'part', ...solution),
      await knowledge('add', 'a2', '--category', 'disk', ...solution),
    ];
    for (const { code, err } of [finding, entry]) expect([code, err]).toEqual([0, told]);
    const other = await knowledge('edit', 'a1', '--autonomy', 'suggest');
    expect(other.err).toEqual(told);
  });
});

describe('add', () => {
  test('puts an entry into shadow and writes down who did', async () => {
    const { code, out } = await knowledge(
      'add',
      'session.pile',
      ...about,
      '--solution',
      'Restart the cron.',
      '--as',
      'ann',
    );
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('in shadow') });
    expect(await row('session.pile')).toMatchObject({
      category: 'sessions',
      issue_pattern: 'sessions pile up',
      solution: 'Restart the cron.',
      autonomy: 'shadow',
      enabled: true,
      times_applied: 0,
    });
    expect(await events('session.pile')).toMatchObject([
      {
        event: 'added',
        before: null,
        after: { issue_pattern: 'sessions pile up', autonomy: 'shadow' },
        actor: 'ann',
      },
    ]);
  });

  test('takes a playbook from a file, and to suggest if told; --json is the row', async () => {
    const path = await file('pile.yaml', safe);
    const added = await knowledge(
      'add',
      'a.b',
      ...about,
      '--solution-file',
      path,
      '--autonomy',
      'suggest',
      '--json',
    );
    expect(Object.keys(added.json())).toEqual(Object.keys((await row('a.b'))!));
    expect(added.json()).toMatchObject({ solution: safe, autonomy: 'suggest' });
  });

  test('of a playbook with several mistakes each has a line of its own, in plain words', async () => {
    const path = await file(
      'pile.yaml',
      'steps:\n  - remedy: session.expire\n    with:\n      limit: many\n  - remedy: app.set-status\n    with: { app: a, status: gone }\n',
    );
    const { code, err } = await knowledge('add', 'pile', ...about, '--solution-file', path);
    expect(code).toBe(2);
    expect(err).toMatch(
      /why: \S+pile\.yaml:4:14: .*; it takes a whole number from 1 to 1000000 \(10000 unless given\)\n {7}\S+pile\.yaml:6:\d+: .*; it takes one of active, beta, maintenance, deprecated\n/,
    );
    expect(err).not.toMatch(/[{}]/);
  });

  test('takes it from standard input', async () => {
    const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
    const child = spawn(
      process.execPath,
      [bin, 'knowledge', 'add', 'piped', ...about, '--solution-file', '-'],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '' },
      },
    );
    child.stdin.end(safe);
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(await row('piped')).toMatchObject({ solution: safe });
  });

  test('a name in use is told, and whose it is stays as it was', async () => {
    await insertKnowledge(db, 'taken');
    const { code, err } = await knowledge('add', 'taken', ...about, '--solution', 'x');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringContaining('knowledge edit taken'),
    });
    expect(await row('taken')).toMatchObject({ solution: 'Look at it.' });
    expect(await events('taken')).toEqual([]);
  });

  test.each([
    ['a name with spaces', ['Bad Name', ...about, '--solution', 'x'], 'lower-case'],
    ['no pattern', ['a', '--category', 'x', '--solution', 'x'], '--pattern is missing'],
    [
      'an empty category',
      ['a', '--pattern', 'pile up', '--category', ' ', '--solution', 'x'],
      '--category is empty',
    ],
    [
      'a long category',
      ['a', '--pattern', 'pile up', '--category', 'x'.repeat(51), '--solution', 'x'],
      'longer than 50',
    ],
    [
      'a pattern without a literal',
      ['a', '--category', 'x', '--pattern', '\\d+', '--solution', 'x'],
      'at least 3 characters',
    ],
    [
      'a lookahead',
      ['a', '--category', 'x', '--pattern', 'abc(?=d)', '--solution', 'x'],
      'at character 4',
    ],
    ['auto at once', ['a', ...about, '--solution', safe, '--autonomy', 'auto'], 'shadow, suggest'],
    [
      'two solutions',
      ['a', ...about, '--solution', 'x', '--solution-file', 'y'],
      'cannot be used with',
    ],
    [
      'a missing file',
      ['a', ...about, '--solution-file', '/nowhere/x.yaml'],
      'there is no such file',
    ],
    ['nothing on standard input', ['a', ...about, '--solution-file', '-'], 'standard input: it is'],
    ['too much of it', ['a', ...about, '--solution', 'x'.repeat(16_385)], 'longer than 16384'],
    [
      'a remedy that is none',
      ['a', ...about, '--solution', 'steps:\n  - remedy: session.expir\n'],
      '--solution:2:13: there is no remedy "session.expir"; did you mean session.expire',
    ],
  ])('%s is refused, and nothing is stored', async (_, args, why) => {
    const { code, out, err } = await knowledge('add', ...args);
    expect({ code, out, err }).toEqual({ code: 2, out: '', err: expect.stringContaining(why) });
    expect(await row('a')).toBeUndefined();
  });

  test('what is wrong in a file is told with the file, its line and its column', async () => {
    const path = await file('bad.yaml', 'steps:\n  - remedy: session.expire\n    wiht: {}\n');
    const { code, err } = await knowledge('add', 'a', ...about, '--solution-file', path);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`${path}:3:5: `) });
  });

  test.each([
    ['a slip in the first word', 'step:\n  - remedy: session.expire\n', /slip.yml:1:/],
    ['no UTF-8', Buffer.from([0x61, 0xff]), /it is not UTF-8/],
    ['an archive', gzipSync(safe), /it is compressed \(gzip\)/],
    ['a NUL', `${safe}\0`, /it holds a NUL byte, in line 3/],
  ])('%s of a file makes no advice of it', async (_, text, why) => {
    const path = await file('slip.yml', text);
    const { code, err } = await knowledge('add', 'a', ...about, '--solution-file', path);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(why) });
  });

  test('a playbook that another system wrote is read: UTF-16, a byte order mark, its lines', async () => {
    const written = `\uFEFF${safe.replaceAll('\n', '\r\n')}`;
    const path = await file('windows.yaml', Buffer.from(written, 'utf16le'));
    const { code, err } = await knowledge('add', 'a', ...about, '--solution-file', path);
    expect({ code, err }).toEqual({ code: 0, err: expect.any(String) });
    expect((await row('a'))!.solution).toBe(safe);
  });

  test('a directory or a device is no playbook', async () => {
    for (const [path, why] of [
      [folder, 'a directory'],
      ['/dev/zero', 'a device'],
    ]) {
      const { code, err } = await knowledge('add', 'a', ...about, '--solution-file', path!);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(`it is ${why}`) });
    }
  });
});

describe('edit', () => {
  test('changes what is given, says what it was, and writes it down as edited', async () => {
    await insertKnowledge(db, 'a', { autonomy: 'auto', solution: safe });
    const edited = await knowledge(
      'edit',
      'a',
      '--pattern',
      'other trouble',
      '--half-life-days',
      '30',
      '--as',
      'bob',
    );
    expect(edited.out).toMatch(/^issue_pattern +trouble with a +-> +other trouble$/m);
    expect(edited.out).toMatch(/^half_life_days +90 +-> +30$/m);
    // How freely it may act stays: only people and its outcomes change that.
    expect(await row('a')).toMatchObject({
      issue_pattern: 'other trouble',
      half_life_days: 30,
      autonomy: 'auto',
      category: 'trouble',
      solution: safe,
    });
    expect(await events('a')).toEqual([
      {
        event: 'edited',
        before: { issue_pattern: 'trouble with a', half_life_days: 90 },
        after: { issue_pattern: 'other trouble', half_life_days: 30 },
        figures: {},
        actor: 'bob',
      },
    ]);
  });

  test('an admin sets its autonomy, up and down, with the figures of that moment', async () => {
    const id = await insertKnowledge(db, 'a', { solution: safe });
    for (const state of ['held', 'held', 'failed'] as const) await insertHeal(db, botId, id, state);
    await knowledge('edit', 'a', '--autonomy', 'auto', '--yes', '--category', 'new', '--as', 'ann');
    expect(await row('a')).toMatchObject({ autonomy: 'auto', category: 'new' });
    await knowledge('edit', 'a', '--autonomy', 'suggest', '--as', 'ann');
    const written = await events('a');
    expect(written[0]!.figures).toEqual({});
    expect(written).toMatchObject([
      { event: 'edited', after: { category: 'new' } },
      {
        event: 'promoted',
        before: { autonomy: 'shadow' },
        after: { autonomy: 'auto' },
        figures: { decided: 3, held: 2, failed: 1, lower: expect.any(Number), lift: null },
        actor: 'ann',
      },
      { event: 'demoted', before: { autonomy: 'auto' }, after: { autonomy: 'suggest' } },
    ]);
  });

  test('lowers components with it, and tells of those that have less', async () => {
    const id = await insertKnowledge(db, 'a', { solution: safe, autonomy: 'auto' });
    await db
      .insertInto('bot_knowledge_autonomy')
      .values([
        { knowledge_id: id, component: '/v1', autonomy: 'auto' },
        { knowledge_id: id, component: '/v2', autonomy: 'shadow' },
        { knowledge_id: id, component: '/v3', autonomy: 'suggest' },
      ])
      .execute();
    const { err } = await knowledge('edit', 'a', '--autonomy', 'suggest', '--as', 'ann');
    expect(err).toContain('keep it: /v2 (shadow)');
    expect(err).toContain('knowledge disable a');
    const own = await db
      .selectFrom('bot_knowledge_autonomy')
      .select(['component', 'autonomy'])
      .orderBy('component')
      .execute();
    expect(own).toEqual([
      { component: '/v2', autonomy: 'shadow' },
      { component: '/v3', autonomy: 'suggest' },
    ]);
    const written = await db
      .selectFrom('bot_knowledge_events')
      .selectAll()
      .where('knowledge_id', '=', id)
      .orderBy('id')
      .execute();
    expect(written).toMatchObject([
      { event: 'demoted', component: null, after: { autonomy: 'suggest' } },
      {
        event: 'demoted',
        component: '/v1',
        before: { autonomy: 'auto' },
        after: { autonomy: 'suggest' },
        figures: { why: 'with the whole entry' },
        actor: 'ann',
      },
    ]);
  });

  test('raises no component with it: what its outcomes made of it stays', async () => {
    const id = await insertKnowledge(db, 'a', { solution: safe, autonomy: 'suggest' });
    await db
      .insertInto('bot_knowledge_autonomy')
      .values({ knowledge_id: id, component: '/v1', autonomy: 'shadow' })
      .execute();
    const { err } = await knowledge('edit', 'a', '--autonomy', 'auto', '--yes');
    expect(err).toContain('keep it: /v1 (shadow)');
    expect(err).not.toContain('disable');
  });

  test('on one component changes it there, written down with its figures, and nowhere else', async () => {
    const id = await insertKnowledge(db, 'a', { solution: safe, autonomy: 'suggest' });
    await db
      .insertInto('bot_knowledge_autonomy')
      .values({ knowledge_id: id, component: '/v1', autonomy: 'shadow' })
      .execute();
    const on = ['edit', 'a', '--component', '/v1', '--autonomy'];
    const { out, code } = await knowledge(...on, 'suggest', '--as', 'ann');
    expect({ out, code }).toEqual({ out: expect.stringContaining('shadow -> suggest'), code: 0 });
    expect((await knowledge(...on, 'suggest')).out).toContain('Nothing to change');
    expect((await knowledge('show', 'a', '--json')).json()).toMatchObject({
      autonomy: 'suggest',
      bot_knowledge_autonomy: [{ component: '/v1', autonomy: 'suggest' }],
      bot_knowledge_events: [
        {
          event: 'promoted',
          component: '/v1',
          before: { autonomy: 'shadow' },
          after: { autonomy: 'suggest' },
          figures: { decided: 0, untouched: { recovered: 0 } },
          actor: 'ann',
        },
      ],
    });
  });

  test.each([
    ['without an autonomy', ['--component', '/v1'], 'only --autonomy can be set'],
    [
      'with anything else',
      ['--component', '/v1', '--autonomy', 'suggest', '--category', 'x'],
      'only --autonomy can be set',
    ],
    ['of no component', ['--component', ' ', '--autonomy', 'suggest'], 'is empty'],
    ['to more than it may', ['--component', '/v1', '--autonomy', 'auto'], 'advice'],
  ])('is refused %s', async (_, args, why) => {
    await insertKnowledge(db, 'a');
    expect(await knowledge('edit', 'a', ...args)).toMatchObject({
      code: 2,
      err: expect.stringContaining(why),
    });
    expect(await db.selectFrom('bot_knowledge_autonomy').selectAll().execute()).toEqual([]);
  });

  interface Refused {
    what: string;
    solution: string;
    args: string[];
    why: string;
    autonomy?: 'suggest' | 'auto';
  }
  test.each<Refused>([
    {
      what: 'what cannot be undone',
      solution: irreversible,
      args: ['--autonomy', 'auto'],
      why: 'irreversible',
    },
    { what: 'advice', solution: 'Call them.', args: ['--autonomy', 'auto'], why: 'is advice' },
    {
      what: 'a playbook that cannot run',
      solution: 'steps: 7',
      args: ['--autonomy', 'auto'],
      why: 'cannot run',
    },
  ])('$what is not auto', async ({ solution, args, why, autonomy = 'suggest' }) => {
    await insertKnowledge(db, 'a', { solution, autonomy });
    const { code, err } = await knowledge('edit', 'a', ...args);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
    expect(await row('a')).toMatchObject({ solution, autonomy });
    expect(await events('a')).toEqual([]);
  });

  test('an auto entry whose solution is replaced has to earn that again, unless an admin trusts it', async () => {
    for (const [solution, args, autonomy] of [
      [irreversible, [], 'suggest'],
      [`${safe}# another\n`, [], 'suggest'],
      [`${safe}# another\n`, ['--autonomy', 'auto', '--yes'], 'auto'],
    ] as const) {
      await db.deleteFrom('bot_knowledge').execute();
      await insertKnowledge(db, 'a', { solution: safe, autonomy: 'auto' });
      const { code, out, err } = await knowledge('edit', 'a', '--solution', solution, ...args);
      expect(code, err).toBe(0);
      expect(await row('a')).toMatchObject({ solution, autonomy });
      if (autonomy === 'auto') continue;
      expect(out).toMatch(/autonomy +auto +-> +suggest/);
      expect(err).toContain('has to earn auto again');
      expect((await events('a')).at(-1)).toMatchObject({
        event: 'demoted',
        figures: { why: expect.stringContaining('its solution was replaced') },
      });
    }
  });

  test('an auto entry becomes irreversible together with a lower autonomy', async () => {
    await insertKnowledge(db, 'a', { solution: safe, autonomy: 'auto' });
    const args = ['--solution', irreversible, '--autonomy', 'suggest'];
    expect((await knowledge('edit', 'a', ...args)).code).toBe(0);
    expect((await events('a')).map(({ event }) => event)).toEqual(['edited', 'demoted']);
  });

  test('without an option it is refused; what is so already is not changed', async () => {
    await insertKnowledge(db, 'a', { half_life_days: 30 });
    const empty = await knowledge('edit', 'a', '--as', 'ann');
    expect(empty).toMatchObject({ code: 2, err: expect.stringContaining('--help') });
    const same = await knowledge('edit', 'a', '--half-life-days', '30', '--autonomy', 'shadow');
    expect(same).toMatchObject({ code: 0, out: expect.stringContaining('Nothing to change') });
    expect(await events('a')).toEqual([]);
    expect((await knowledge('edit', 'b', '--category', 'x')).code).toBe(3);
    expect((await knowledge('edit', 'a', '--half-life-days', '0')).code).toBe(2);
    expect((await knowledge('edit', 'a', '--pattern', 'ab')).code).toBe(2);
  });

  test('of edits at the same time none is lost, and each is written down once', async () => {
    const id = await insertKnowledge(db, 'a', { half_life_days: 1 });
    const actors = Array.from({ length: 8 }, (_, index) => `p${index}`);
    await Promise.all(
      actors.map((actor) =>
        editKnowledge(db, id, (seen) => ({ half_life_days: seen.half_life_days + 1 }), { actor }),
      ),
    );
    expect(await row('a')).toMatchObject({ half_life_days: 9 });
    const written = await events('a');
    expect(written.map(({ before }) => (before as any).half_life_days)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
  });
});

test('disable and enable say so, with the reason, and once', async () => {
  await insertKnowledge(db, 'a', { autonomy: 'suggest' });
  const off = await knowledge('disable', 'a', '--reason', ' it made it worse ', '--as', 'ann');
  expect(off).toMatchObject({ code: 0, out: expect.stringContaining('Disabled a') });
  expect(await row('a')).toMatchObject({ enabled: false, autonomy: 'suggest' });
  const again = await knowledge('disable', 'a', '--as', 'bob');
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('disabled already') });
  const on = await knowledge('enable', 'a', '--as', 'eve', '--json');
  expect(on.json()).toMatchObject({ name: 'a', enabled: true });
  expect(await events('a')).toEqual([
    {
      event: 'disabled',
      before: { enabled: true },
      after: { enabled: false },
      figures: { why: 'it made it worse' },
      actor: 'ann',
    },
    {
      event: 'enabled',
      before: { enabled: false },
      after: { enabled: true },
      figures: {},
      actor: 'eve',
    },
  ]);
  const long = await knowledge('disable', 'a', '--reason', 'x'.repeat(501));
  expect(long).toMatchObject({ code: 2, err: expect.stringContaining('longer than 500') });
});

test('what begins because of its heals is shown', async () => {
  await insertKnowledge(db, 'a', {
    aftermath: JSON.stringify({ why: 'it and b undo each other\u001B[31m' }),
  });
  await insertKnowledge(db, 'b');
  expect((await knowledge('show', 'a')).out).toMatch(/^Harm +it and b undo each other\uFFFD/m);
  expect((await knowledge('show', 'b')).out).not.toMatch(/^Harm/m);
});

test('history has the newest first, in words, and nothing raw', async () => {
  const id = await insertKnowledge(db, 'a');
  const none = await knowledge('history', 'a', '-o', 'table');
  expect(none).toMatchObject({
    code: 0,
    out: expect.stringContaining('Nothing was changed since it was added'),
  });
  const hostile = 'x\u001B[31mred\u202E';
  await editKnowledge(db, id, () => ({ solution: hostile.repeat(20) }), { actor: hostile });
  await db
    .insertInto('bot_knowledge_events')
    .values({
      knowledge_id: id,
      component: '/v1',
      event: 'promoted',
      before: JSON.stringify({ autonomy: 'shadow' }),
      after: JSON.stringify({ autonomy: 'suggest' }),
      figures: JSON.stringify({
        why: 'people did 3 times what it would have done',
        decided: 9,
        held: 7,
        lower: 0.4526,
        untouched: { recovered: 2, persisted: 5, rate: 0.286, upper: 0.64 },
        lift: 0.492,
      }),
      actor: 'roundsman',
    })
    .execute();
  const { out } = await knowledge('history', 'a', '-o', 'table');
  const [, newest, older] = out.split('\n');
  expect(newest).toMatch(
    /promoted +\/v1 +autonomy: shadow -> suggest +held 7 of 9, lower bound \.453; untouched 2 of 7 recovered; lift \+\.492; people did/,
  );
  expect(older).toContain('solution: Look at it. -> x\uFFFD[31mred');
  // oxlint-disable-next-line no-control-regex
  expect(out).not.toMatch(/[\u001B\u202E]/);
  const one = await knowledge('history', 'a', '--limit', '1', '--json');
  expect(one.json()).toMatchObject([{ event: 'promoted', component: '/v1' }]);
  expect(one.err).toContain('only the first 1');
});
