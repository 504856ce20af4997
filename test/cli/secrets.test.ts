/** `roundsman secrets`: values come in by standard input or a terminal, and out by no command. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import { readKeyRing } from '../../src/ground/secrets/key-ring.ts';
import { openSecret } from '../../src/data/secrets/open.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';
import { ago, insertBot } from './rows.ts';
import { insertHeal, insertKnowledge } from './knowledge-rows.ts';

const { db, url } = await testDatabase();
const bin = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const key = () => randomBytes(32).toString('base64');
const [k1, k2] = [key(), key()];
const one = { ROUNDSMAN_KEYS: `k1:${k1}` };
const two = { ROUNDSMAN_KEYS: `k2:${k2},k1:${k1}` };
const value = 'hunter-2000-"quoted"';

/** The command with this on standard input. */
async function given(input: string | Buffer, args: string[], env: NodeJS.ProcessEnv = one) {
  const child = spawn(process.execPath, [bin, 'secrets', ...args], {
    env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '', ...env },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text) => (out += text));
  child.stderr.on('data', (text) => (err += text));
  child.stdin.on('error', () => {}).end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err, json: () => JSON.parse(out) };
}

const row = (name: string) =>
  db.selectFrom('engine.secrets').selectAll().where('name', '=', name).executeTakeFirst();
const opened = async (name: string, keys = one.ROUNDSMAN_KEYS) =>
  openSecret({ keys: readKeyRing(keys), variable: () => undefined }, (await row(name))!).value;

beforeEach(async () => {
  await db.deleteFrom('engine.secrets').execute();
  await db.deleteFrom('bot_knowledge').execute();
});

describe('set', () => {
  test.each([
    ['plain', 'abcdef'],
    ['quoted', `a"b'c\`d\\e$f`],
    ['of two lines', 'first line\nsecond line'],
    ['of Unicode', 'pässwörd 日本 😀'],
    ['of the letters of expressions', '.*+?^${}()|[]\\'],
    ['like a reference', '{{secret:OTHER}}'],
    ['as long as one may be', 'x'.repeat(64 * 1024)],
  ])('seals a value that is %s, and shows it nowhere', async (_, text) => {
    const { code, out, err } = await given(`${text}\n`, ['set', 'TOKEN', '--as', 'ann']);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toContain('{{secret:TOKEN}}');
    if (!out.includes(text)) expect(out + err).not.toContain(text);
    expect(await opened('TOKEN')).toBe(text);
    const stored = (await row('TOKEN'))!;
    expect(stored).toMatchObject({ changed_by: 'ann', key_id: 'k1', variable: null });
    expect(JSON.stringify(stored)).not.toContain(JSON.stringify(text).slice(1, -1));
  });

  test('leaves out the byte order mark that a program put before the value', async () => {
    expect((await given('\uFEFFvalue-1\r\n', ['set', 'TOKEN'])).code).toBe(0);
    expect(await opened('TOKEN')).toBe('value-1');
  });

  test.each<[string, string | Buffer, string, string]>([
    ['nothing', '', 'it is empty', 'whether that file is empty'],
    ['only the end of a line', '\n', 'it is empty', 'whether that file is empty'],
    ['one character', 'a\n', 'too short', 'take a longer one'],
    ['100 kB', 'x'.repeat(100_000), 'longer than 65536 bytes', 'a token in its place'],
    ['100 kB of Unicode', 'ä'.repeat(50_000), 'longer than 65536 bytes', 'a token in its place'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 1, 2, 3, 4]), 'not UTF-8', 'as base64'],
    ['a NUL', 'abc\0defg', 'not text', 'as base64'],
  ])('refuses %s', async (_, input, why, hint) => {
    const { code, out, err } = await given(input, ['set', 'TOKEN']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(why);
    expect(err).toContain(hint);
    expect(await row('TOKEN')).toBeUndefined();
  });

  test.each(['token', '1TOKEN', 'TO-KEN', '', 'A'.repeat(101), '__proto__', 'TÖKEN'])(
    'takes no name %j',
    async (name) => {
      const { code, err } = await given(value, ['set', name]);
      expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('SLACK_TOKEN') });
    },
  );

  test('takes no value as an argument, and does not repeat it', async () => {
    for (const more of [[value], ['--value', value], [`--value=${value}`]]) {
      const { code, out, err } = await given('', ['set', 'TOKEN', ...more]);
      expect({ code, err }).toMatchObject({
        code: 2,
        err: expect.stringContaining('standard input'),
      });
      expect(out + err).not.toContain('hunter');
    }
  });

  test('without keys says which variable to set and how to make one; with bad ones which, and none of them', async () => {
    const none = await given(value, ['set', 'TOKEN'], {});
    expect(none.code).toBe(2);
    expect(none.err).toContain('ROUNDSMAN_KEYS');
    expect(none.err).toContain('openssl rand -base64 32');
    const bad = await given(value, ['set', 'TOKEN'], { ROUNDSMAN_KEYS: `k1:${k1.slice(0, 20)}` });
    expect(bad.code).toBe(2);
    expect(bad.err).toContain('ROUNDSMAN_KEYS');
    expect(bad.err).not.toContain(k1.slice(0, 12));
  });

  test('from a variable stores its name only, needs no key, and says where it is not set', async () => {
    const set = await given('', ['set', 'TOKEN', '--from-env', 'MY_TOKEN', '--json'], {
      MY_TOKEN: value,
    });
    expect(set.code).toBe(0);
    expect(set.json()).toMatchObject({ name: 'TOKEN', variable: 'MY_TOKEN', key_id: null });
    expect(set.out + set.err + JSON.stringify(await row('TOKEN'))).not.toContain('hunter');
    const unset = await given('', ['set', 'TOKEN', '--from-env', 'MY_TOKEN'], {});
    expect(unset.err).toContain('it is not set here');
    for (const own of ['DATABASE_URL', 'REDIS_URL', 'ROUNDSMAN_KEYS', 'PGPASSWORD', 'a=b', ''])
      expect((await given('', ['set', 'TOKEN', '--from-env', own], {})).code).toBe(2);
  });

  test('in place of what was there: its old text does not open any more', async () => {
    await given('first value', ['set', 'TOKEN']);
    const before = (await row('TOKEN'))!;
    const { out } = await given('second value', ['set', 'TOKEN']);
    expect(out).toContain('Replaced');
    expect(await opened('TOKEN')).toBe('second value');
    await db
      .updateTable('engine.secrets')
      .set({ sealed: before.sealed, key_id: before.key_id })
      .execute();
    await expect(opened('TOKEN')).rejects.toThrow('cannot be opened');
  });

  test('on a terminal asks without echo', async () => {
    // script(1) gives the command a terminal, and what that shows comes back.
    const command = `${process.execPath} ${bin} secrets set TOKEN`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { PATH: process.env.PATH, DATABASE_URL: url, REDIS_URL: '', TERM: 'dumb', ...one },
    });
    let shown = '';
    child.stdout.on('data', (text) => {
      shown += text;
      if (shown.endsWith('not shown): ')) child.stdin.write('typoo\u007Fed value\r');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, shown }).toMatchObject({ code: 0, shown: expect.stringContaining('Stored') });
    expect(shown).not.toContain('typo');
    expect(await opened('TOKEN')).toBe('typoed value');
  });
});

describe('list', () => {
  test('says where from, by whom, used by what, and whether it opens here; no value, no sealed text', async () => {
    await given(value, ['set', 'SEALED', '--as', 'ann']);
    await given('', ['set', 'VARIABLE', '--from-env', 'MY_TOKEN'], {});
    await insertKnowledge(db, 'cache.flush', {
      solution: 'steps: # {{secret:SEALED}} and {{secret:MISSING}}',
    });
    const list = await given('', ['list', '--json'], one);
    expect(list.json()).toMatchObject([
      { name: 'SEALED', key_id: 'k1', used_by: ['cache.flush'], closed: null, changed_by: 'ann' },
      { name: 'VARIABLE', variable: 'MY_TOKEN', used_by: [], closed: expect.any(String) },
    ]);
    const table = await given('', ['list', '-o', 'table'], { MY_TOKEN: value });
    expect(table.out).toMatch(/SEALED .*no: ROUNDSMAN_KEYS is not set/);
    expect(table.out).toMatch(/VARIABLE .*yes/);
    expect(table.out).toMatch(/MISSING .*it is not stored/);
    for (const { out, err } of [list, table]) {
      expect(out + err).not.toContain('hunter');
      expect(out + err).not.toContain((await row('SEALED'))!.sealed);
    }
  });

  test('names sources and remote bots, and a secret that one needs is not removed unasked', async () => {
    await given(value, ['set', 'TOKEN']);
    for (const [name, endpoint, status] of [
      ['mail', 'https://app.example.com/mail', 'active'],
      ['alarms', 'in:alarms', 'paused'],
    ] as const)
      await db
        .insertInto('bots')
        .values({
          name,
          display_name: name,
          schedule_cron: '@daily',
          api_endpoint: endpoint,
          status,
          config: JSON.stringify({ secrets: ['TOKEN'] }),
        })
        .execute();
    const list = await given('', ['list', '--json'], one);
    expect(list.json()).toMatchObject([{ used_by: ['source alarms', 'bot mail'] }]);
    const asked = await given('', ['remove', 'TOKEN'], one);
    expect(asked.code).toBe(2);
    expect(asked.err).toContain('Remove TOKEN, which source alarms, bot mail need?');
    await db.deleteFrom('bots').where('name', 'in', ['mail', 'alarms']).execute();
  });

  test('names bots of the catalogue whose code asks for one, by their present settings', async () => {
    await given(value, ['set', 'GITHUB_TOKEN']);
    await given(value, ['set', 'GITHUB_APP_KEY']);
    const insert = (name: string, values: object = {}) =>
      insertBot(db, name, { api_endpoint: `/api/bots/${name}`, status: 'active', ...values });
    await insert('architect');
    await insert('guardian');
    await insert('night-guardian', { api_endpoint: 'bot:guardian', status: 'disabled' });
    const usedBy = async () =>
      Object.fromEntries(
        (await given('', ['list', '--json'], one))
          .json()
          .map((each: any) => [each.name, each.used_by]),
      );
    expect(await usedBy()).toEqual({ GITHUB_TOKEN: ['bot architect'], GITHUB_APP_KEY: [] });
    // A row that is not stored is in the table alone.
    const table = await given('', ['list', '-o', 'table'], one);
    expect(table.out).toMatch(/STRIPE_KEY .*not stored.* bot guardian, bot night-guardian/);
    expect((await given('', ['remove', 'GITHUB_TOKEN'], one)).err).toContain(
      'Remove GITHUB_TOKEN, which bot architect needs?',
    );
    await db
      .updateTable('bots')
      .set({ config: JSON.stringify({ app_id: 1, installation_id: 2 }) })
      .where('name', '=', 'architect')
      .execute();
    expect(await usedBy()).toEqual({ GITHUB_TOKEN: [], GITHUB_APP_KEY: ['bot architect'] });
    await db.deleteFrom('bots').execute();
  });

  test('of a wrong key says so', async () => {
    await given(value, ['set', 'TOKEN']);
    const wrong = await given('', ['list', '--json'], { ROUNDSMAN_KEYS: `k1:${k2}` });
    expect(wrong.json()).toMatchObject([{ closed: expect.stringContaining('sealed text') }]);
    const missing = await given('', ['list', '--json'], { ROUNDSMAN_KEYS: `k2:${k2}` });
    expect(missing.json()).toMatchObject([{ closed: expect.stringContaining('not in the key') }]);
  });
});

describe('rotate', () => {
  test('seals all by the first key; then the old one is not needed', async () => {
    await given(value, ['set', 'TOKEN']);
    await given('', ['set', 'VARIABLE', '--from-env', 'MY_TOKEN'], {});
    const rotated = await given('', ['rotate', '--json'], two);
    expect(rotated.json()).toEqual({ key_id: 'k2', rotated: ['TOKEN'], current: [], failed: [] });
    expect(await opened('TOKEN', `k2:${k2}`)).toBe(value);
    expect((await given('', ['rotate', '--json'], two)).json()).toMatchObject({
      current: ['TOKEN'],
    });
  });

  test('leaves one that it cannot open, does the others, and ends with 1', async () => {
    await given(value, ['set', 'BROKEN']);
    await given(value, ['set', 'TOKEN']);
    await db
      .updateTable('engine.secrets')
      .set({ sealed: 'v1.a.b' })
      .where('name', '=', 'BROKEN')
      .execute();
    const { code, out } = await given('', ['rotate'], two);
    expect(code).toBe(1);
    expect(out).toContain('BROKEN stays as it was');
    expect(out).not.toContain('Every stored secret needs');
    expect(await opened('TOKEN', `k2:${k2}`)).toBe(value);
  });

  test('beside many sets at once: each secret ends as one of its values, and opens', async () => {
    await given('value number 0', ['set', 'TOKEN']);
    const sets = Array.from({ length: 4 }, (_, n) =>
      given(`value number ${n + 1}`, ['set', 'TOKEN'], n % 2 === 0 ? one : two),
    );
    const rotations = [given('', ['rotate'], two), given('', ['rotate'], two)];
    for (const { code, err } of await Promise.all([...sets, ...rotations]))
      expect({ code, err }).toMatchObject({ code: 0 });
    expect((await given('', ['rotate'], two)).code).toBe(0);
    expect(await opened('TOKEN', `k2:${k2}`)).toMatch(/^value number [1-4]$/);
  });
});

describe('status and doctor', () => {
  const solution = 'steps: # {{secret:TOKEN}}';
  const secretsIn = (doctor: { out: string }) =>
    (JSON.parse(doctor.out) as { subject: string; status: string; detail: string }[]).filter(
      ({ subject }) => subject === 'Secrets',
    );
  const doctor = async (env: NodeJS.ProcessEnv) =>
    secretsIn(await start(url, ['doctor', '--json'], env).ended);

  test('say which secret of an enabled entry is not stored, or does not open here', async () => {
    await insertKnowledge(db, 'cache.flush', { solution });
    expect(await doctor(one)).toMatchObject([
      { status: 'fail', detail: 'not stored: TOKEN (for cache.flush)' },
    ]);
    await given(value, ['set', 'TOKEN']);
    expect(await doctor(one)).toMatchObject([{ status: 'ok' }]);
    expect(await doctor({ ROUNDSMAN_KEYS: `k2:${k2}` })).toMatchObject([
      { status: 'warn', detail: expect.stringContaining('TOKEN (for cache.flush): its key "k1"') },
    ]);
    await db.updateTable('bot_knowledge').set({ enabled: false }).execute();
    expect(await doctor({})).toEqual([]);
  });

  test('do not miss the secret of a suggestion of the catalogue that has fitted nothing', async () => {
    await insertKnowledge(db, 'cache.flush', {
      solution,
      catalogue_name: 'cache.flush',
      autonomy: 'suggest',
    });
    expect(await doctor(one)).toEqual([]);
    await db.updateTable('bot_knowledge').set({ autonomy: 'auto' }).execute();
    expect(await doctor(one)).toMatchObject([{ status: 'fail' }]);
  });

  test('say that workers give heals up for want of one, until one gets further', async () => {
    const bot = await insertBot(db, 'watch', { status: 'paused' });
    const entry = await insertKnowledge(db, 'cache.flush', { solution });
    await given(value, ['set', 'TOKEN']);
    const wanting = {
      applied_at: null,
      evidence: { fault: 'secret' },
      error_message: 'the secret TOKEN cannot be opened',
    };
    const heal = (state: 'aborted' | 'verified', minutes: number) =>
      insertHeal(db, bot, entry, state, {
        taken_at: ago(minutes),
        ...(state === 'aborted' && wanting),
      });
    await heal('aborted', 70);
    expect((await start(url, ['status']).ended).code).toBe(0);
    await heal('aborted', 9);
    await heal('aborted', 5);
    const status = await start(url, ['status', '--json']).ended;
    expect(status).toMatchObject({ code: 6 });
    expect(status.json().needs).toMatchObject([
      {
        kind: 'secrets_closed',
        what: '2 heals aborted because a secret is missing, the newest 5m ago (cache.flush): the secret TOKEN cannot be opened',
      },
    ]);
    expect(await doctor(one)).toMatchObject([
      { status: 'fail', detail: expect.stringContaining('TOKEN cannot be opened') },
    ]);
    await heal('verified', 2);
    expect((await start(url, ['status']).ended).code).toBe(0);
  });
});

describe('remove', () => {
  test('forgets it, and says what cannot be applied without it', async () => {
    await given(value, ['set', 'TOKEN']);
    await insertKnowledge(db, 'cache.flush', { solution: 'steps: # {{secret:TOKEN}}' });
    const { code, out } = await given('', ['remove', 'TOKEN', '--yes']);
    expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('cache.flush') });
    expect(await row('TOKEN')).toBeUndefined();
  });

  test('is refused without --yes where there is no terminal to ask on, and names what needs it', async () => {
    await given(value, ['set', 'TOKEN']);
    await insertKnowledge(db, 'cache.flush', { solution: 'steps: # {{secret:TOKEN}}' });
    const { code, out, err } = await given('', ['remove', 'TOKEN']);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/cache\.flush[^]*--yes/);
    expect(await row('TOKEN')).toBeDefined();
    await db.deleteFrom('bot_knowledge').execute();
    expect((await given('', ['remove', 'TOKEN'])).code).toBe(2);
    expect((await given('', ['remove', 'TOKEN', '--yes'])).code).toBe(0);
  });

  test('of one that is not there ends with 3', async () => {
    const { code, err } = await roundsman(url, 'secrets', 'remove', 'TOKEN');
    expect({ code, err }).toMatchObject({ code: 3, err: expect.stringContaining('secrets set') });
  });
});

test('knowledge that names a secret that is not stored is taken with a warning', async () => {
  const solution =
    'steps:\n  - remedy: http.request\n    with:\n      url: "https://a.example/{{secret:TOKEN}}"\n';
  const args = ['--category', 'cache', '--pattern', 'cache is stale', '--solution', solution];
  const added = await roundsman(url, 'knowledge', 'add', 'cache.flush', ...args, '--json');
  expect(added.code).toBe(0);
  expect(added.json().warnings).toEqual([
    expect.stringContaining('category'),
    expect.stringContaining('secrets set TOKEN'),
  ]);
  for (const change of [
    ['edit', 'cache.flush', '--category', 'other'],
    ['disable', 'cache.flush'],
    ['enable', 'cache.flush'],
  ]) {
    const { err } = await roundsman(url, 'knowledge', ...change);
    expect(err.includes('the secret TOKEN is not stored'), change[0]).toBe(change[0] !== 'disable');
  }
  await given(value, ['set', 'TOKEN']);
  const edited = await roundsman(url, 'knowledge', 'edit', 'cache.flush', '--category', 'third');
  expect(edited.err).not.toContain('not stored');
});

describe('knowledge that contains a credential in plain text', () => {
  const playbook = (header: string) =>
    `steps:\n  - remedy: http.request\n    with:\n      url: https://a.example/\n      headers:\n        Authorization: ${header}\n`;
  const about = ['--category', 'cache', '--pattern', 'cache is stale'];
  const add = (name: string, solution: string, ...more: string[]) =>
    roundsman(url, 'knowledge', 'add', name, ...about, '--solution', solution, ...more);

  test('is warned of at the door, with place and command, and without the credential', async () => {
    const added = await add('cache.flush', playbook('Bearer abcdef0123'), '--json');
    expect(added.code).toBe(0);
    expect(added.json().warnings).toMatchObject([
      expect.stringContaining('category'),
      { line: 6, column: 24, name: 'CACHE_FLUSH_AUTHORIZATION' },
    ]);
    expect(added.err).toContain('npx roundsman secrets set CACHE_FLUSH_AUTHORIZATION');
    expect(added.err).not.toContain('abcdef0123');
    const edited = await roundsman(url, 'knowledge', 'edit', 'cache.flush', '--category', 'other');
    expect(edited.err).toContain('secrets set');
    await given(value, ['set', 'CACHE']);
    const mended = await roundsman(
      ...([url, 'knowledge', 'edit', 'cache.flush', '--json', '--solution'] as const),
      playbook('Bearer {{secret:CACHE}}'),
    );
    expect(mended.json()).not.toHaveProperty('warnings');
    const tested = await roundsman(
      url,
      'knowledge',
      'test',
      'login with password=hunter2',
      '--json',
    );
    expect(tested.json().warnings).toHaveLength(1);
  });

  test.each([
    ['lower case', 'Bearer {{secret:token}}', 'is not a reference to a secret'],
    ['blanks', 'Bearer {{ secret:TOKEN }}', 'is not a reference to a secret'],
    ['one brace', '"{{secret:TOKEN}"', 'is not a reference to a secret'],
    ['no quotes', '{{secret:TOKEN}}', 'has to stand in quotes'],
  ])('a reference with %s is refused, and where it stands is said', async (_, header, why) => {
    const { code, err } = await add('cache.flush', playbook(header));
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(why) });
    expect(err).toContain('--solution:6:');
  });

  test('a secret in a step whose remedy takes none is refused', async () => {
    const note = 'steps:\n  - remedy: ticket.note\n    with:\n      note: "see {{secret:TOKEN}}"\n';
    const { code, err } = await add('cache.note', note);
    expect({ code, err }).toMatchObject({
      code: 2,
      err: expect.stringContaining('takes no secrets'),
    });
  });
});
