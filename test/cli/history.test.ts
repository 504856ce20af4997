/** `history` and `revert`, as a person and a program use them. */
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { hasTerminal, inTerminal, inTerminalOf, keys } from '../support/terminal.ts';
import { roundsman } from './command.ts';

const { db, url } = await testDatabase();

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, engine.definition_changes CASCADE`.execute(db);
  const added = await roundsman(
    url,
    ...'bots add night --endpoint janitor --schedule'.split(' '),
    '0 3 * * *',
  );
  expect(added.code).toBe(0);
});

const edit = (...options: string[]) => roundsman(url, 'bots', 'edit', 'night', ...options);
const schedule = async () =>
  (await db.selectFrom('bots').select('schedule_cron').executeTakeFirstOrThrow()).schedule_cron;

test('a program reads who, when, from where, before and after', async () => {
  await edit('--schedule', '30 4 * * *');
  const { code, out } = await roundsman(url, 'bots', 'history', 'night', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject([
    {
      kind: 'bot',
      name: 'night',
      version: 2,
      event: 'changed',
      before: { schedule_cron: '0 3 * * *' },
      after: { schedule_cron: '30 4 * * *' },
      source: 'command',
      place: 'bots edit',
    },
    { version: 1, event: 'added', before: null, place: 'bots add' },
  ]);
});

test('lists page as others do, and all of a kind stand in one', async () => {
  for (const jitter of ['10s', '20s', '30s']) await edit('--jitter', jitter);
  const { out, err } = await roundsman(url, 'bots', 'history', '-l', '2', '-o', 'tsv');
  expect(out.trim().split('\n')).toHaveLength(3);
  expect(err).toContain('only the first 2 of 4; --limit shows more');
  expect((await roundsman(url, 'bots', 'history', 'nigth')).err).toContain('did you mean night');
  expect((await roundsman(url, 'settings', 'history', 'http_host')).code).toBe(3);
});

test('each noun has one, beside the arguments of its own', async () => {
  await roundsman(url, 'limits', 'cooldown_minutes', '7', '--as', 'ann');
  await roundsman(url, 'settings', 'http_hosts', 'a.example', '--as', 'ann');
  for (const [noun, name] of [
    ['limits', 'cooldown_minutes'],
    ['settings', 'http_hosts'],
  ]) {
    const { out } = await roundsman(url, noun!, 'history', name!, '--json');
    expect(JSON.parse(out)[0]).toMatchObject({ name, actor: 'ann', place: noun });
  }
  const limit = await roundsman(url, 'limits', 'cooldown_minutes', '--json');
  expect(JSON.parse(limit.out)).toEqual({ cooldown_minutes: 7 });
  expect((await roundsman(url, 'policy', 'history')).code).toBe(0);
  expect((await roundsman(url, 'notify', 'history')).code).toBe(0);
  await roundsman(url, 'settings', 'http_hosts', '--unset');
});

test('a revert with --yes shows what it changes, and is a new version', async () => {
  await edit('--schedule', '30 4 * * *');
  const { code, out } = await roundsman(url, 'bots', 'revert', 'night', '--yes');
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringMatching(/30 4 \* \* \*.*->.*0 3 \* \* \*/),
  });
  expect(out).toContain('night is as version 1 was; this is version 3 of it.');
  expect(await schedule()).toBe('0 3 * * *');
  const again = await roundsman(url, 'bots', 'revert', 'night', '--to', '1', '--json');
  expect(JSON.parse(again.out)).toMatchObject({ version: null, reverted_to: 1, differences: [] });
});

test('hostile texts of a definition obey nothing', async () => {
  const hostile = '\u001B[31mred\u202Egnp \u0007';
  await sql`UPDATE bots SET description = ${hostile}, display_name = ${'x'.repeat(90)}`.execute(db);
  for (const args of [
    ['bots', 'history'],
    ['bots', 'revert', 'night', '--yes'],
  ]) {
    const { out } = await roundsman(
      url,
      ...args,
      ...(args[1] === 'history' ? ['-o', 'table'] : []),
    );
    for (const character of ['\u001B', '\u202E', '\u0007']) expect(out).not.toContain(character);
  }
});

describe.skipIf(!hasTerminal)('in a terminal', () => {
  test('it asks, n changes nothing, and y does', async () => {
    await edit('--schedule', '30 4 * * *');
    const question = 'Set night back to version 1? [y/N]: ';
    const no = await inTerminal(url, ['bots', 'revert', 'night'], [[question, `n${keys.enter}`]]);
    expect(no).toMatchObject({ code: 0, asked: true });
    expect(await schedule()).toBe('30 4 * * *');
    const yes = await inTerminal(url, ['bots', 'revert', 'night'], [[question, `y${keys.enter}`]]);
    expect(yes).toMatchObject({ code: 0, asked: true });
    expect(yes.shown).toMatch(/the next runs would be at/);
    expect(await schedule()).toBe('0 3 * * *');
  });

  test('40 columns are enough', async () => {
    await edit('--schedule', '30 4 * * *');
    const { code, shown } = await inTerminalOf(40, url, ['bots', 'history', 'night']);
    expect(code).toBe(0);
    for (const line of shown.split(/\r?\n/)) expect([...line].length).toBeLessThanOrEqual(40);
  });
});
