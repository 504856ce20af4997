import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { wholeProgram } from '../../src/bin/cli.ts';
import { leavesOf, nameOf } from '../docs/cli-page.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman, start } from './command.ts';
import { insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const botId = await insertBot(db, 'night-watch');

describe('a wrong command line ends with 2 and changes nothing:', () => {
  test.each([
    ['an unknown command', ['botts']],
    ['an unknown command of a noun', ['bots', 'lst']],
    ['a noun alone', ['bots']],
    ['an unknown option', ['runs', 'list', '--foo']],
    ['too many arguments', ['bots', 'list', 'night-watch']],
    ['a word that is none of the choices', ['runs', 'list', '--status', 'done']],
    ['a number out of range', ['runs', 'list', '--limit', '0']],
    ['a time without a unit', ['runs', 'list', '--since', '24']],
    ['options that exclude each other', ['findings', 'list', '--all', '--resolved']],
    ['an empty id', ['runs', 'show', '']],
    ['an id that is too short to be one', ['runs', 'show', 'abc']],
    ['a word for a ticket', ['tickets', 'show', 'broken-login']],
  ])('%s', async (_, args) => {
    const { code, out, err } = await roundsman(url, ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).not.toContain('defect');
  });
});

test.each<[string[], string]>([
  [['silences', 'add', '--bot', 'night-watch', '--for', '5m', '--until-resolved'], 'alone'],
  [['findings', 'list', '--all', '--resolved'], 'alone'],
  [['tickets', 'snooze', 'T-1', '--for', '2h', '--end'], 'alone'],
  [['knowledge', 'add', '--no-pager'], 'npx roundsman knowledge add [options] -- '],
  [['knowledge', 'add', '--no-pager'], '`npx roundsman knowledge add --help`'],
  [['tickets', 'show'], 'for example `npx roundsman tickets show T-'],
  [['runs', 'show'], 'for example `npx roundsman runs show '],
  [['notify', 'test'], 'for example `npx roundsman notify test '],
  [['completion'], 'for example `npx roundsman completion '],
  [['findings', 'list', '--severity', 'warning'], 'did you mean medium?'],
  [['tickets', 'list', '--severity', 'error'], 'did you mean high?'],
  [['silences', 'add', '--bot', 'x', '--for', '1h', '--reason', 'x'.repeat(6000)], 'shorten it'],
  [['silences', 'add', '--bot', 'x', '--for', '1h', '--reason', ' '], 'write the value'],
  [['maintenance', 'add', '--for', '1h', '--reason', 'x'.repeat(6000)], 'shorten it'],
  [['knowledge', 'test'], "for example `npx roundsman knowledge test '"],
  [['bots', 'backfill', 'night-watch'], 'for example `npx roundsman bots backfill '],
  [['runs', 'list', '--since'], 'for example `npx roundsman runs list'],
  [['runs', 'list', '--foo'], 'npx roundsman runs list --help'],
  [['botts'], '`npx roundsman --help`'],
  [['bots', 'lst'], '`npx roundsman bots --help`'],
  [['tickets', 'bulk', 'akc'], '`npx roundsman tickets bulk --help`'],
  [['help', 'nope'], '`npx roundsman --help`'],
])('%j says why it is refused and what to try', async (args, hint) => {
  const { code, err } = await roundsman(url, ...args);
  expect(code).toBe(2);
  expect(err).toMatch(/^ {2}why: ./m);
  expect(/^ {2}try: (.*)$/m.exec(err)?.[1]).toContain(hint);
});

test.each([
  [['help', 'tikets'], 'tikets', '(Did you mean tickets?)'],
  [['tickets', 'help', 'lst'], 'lst', '(Did you mean list?)'],
  [['help', 'nope'], 'nope', null],
  [['help', 'bots', 'lst'], 'lst', '(Did you mean list?)'],
  [['help', 'bots', 'nope', 'list'], 'nope', null],
  [['botz', '--help'], 'botz', '(Did you mean bots?)'],
  [['bots', 'lst', '--help'], 'lst', '(Did you mean list?)'],
  [['bots', '-h', 'lst'], 'lst', '(Did you mean list?)'],
  [['help', 'bots', 'lst', '--help'], 'lst', '(Did you mean list?)'],
  [['tickets', 'bulk', 'akc', '--help'], 'akc', '(Did you mean ack?)'],
  [['tickets', 'nope', '--help'], 'nope', null],
])('%j is told that there is no such command', async (args, name, meant) => {
  const { code, out, err } = await roundsman(url, ...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(`error: unknown command '${name}'`);
  if (meant) expect(err).toContain(meant);
  else expect(err).not.toContain('Did you mean');
  expect(err).not.toContain('Commands:');
  // They have asked for help.
  expect(err).not.toContain('add --help');
  expect(err).toContain('--help` shows what there is');
});

test.each([
  [['bots', 'list', '--jsn', '--help'], '--jsn', '--json'],
  [['bots', 'list', '--help', '--jsn'], '--jsn', '--json'],
  [['tickets', 'bulk', '--hepl', '-h'], '--hepl', '--help'],
])('%j is told that there is no such option', async (args, name, meant) => {
  const { code, out, err } = await roundsman(url, ...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(`error: unknown option '${name}'\n(Did you mean ${meant}?)`);
});

test('beside --help options that exist, and arguments, are no mistake', async () => {
  for (const args of [
    ['--help', 'bots', 'list'],
    ['help', 'bots', 'list', '--help'],
    ['bots', 'list', '--limit', '5', '--help'],
    ['bots', 'list', '--help', '--limit', '5'],
  ])
    expect(await roundsman(url, ...args), args.join(' ')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: roundsman bots list'),
    });
  for (const args of [['help', 'help'], ['help', '--help'], ['--help']])
    expect(await roundsman(url, ...args), args.join(' ')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Usage: roundsman [options] [command]'),
    });
});

test.each([
  [['help', 'bots', 'list'], 'bots list [options]'],
  [['help', 'tickets', 'resolve', 'T-1'], 'tickets resolve [options] <ticket>'],
  [['tickets', 'help', 'resolve'], 'tickets resolve [options] <ticket>'],
])('%j is the help of that command alone', async (args, usage) => {
  const { code, out } = await roundsman(url, ...args);
  expect({ code, out }).toEqual({
    code: 0,
    out: expect.stringContaining(`Usage: roundsman ${usage}`),
  });
});

test('help of a command that exists is its help', async () => {
  const { code, out } = await roundsman(url, 'help', 'tickets');
  expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('Commands:') });
});

test.each([
  ['findings', 'list', '--sort', 'severity'],
  ['tickets', 'review', '--sort', 'severity'],
])('%s %s %s is not taken for an option that is written otherwise', async (...args) => {
  const { code, err } = await roundsman(url, ...args);
  expect(code).toBe(2);
  expect(err).not.toContain('--bot');
});

describe('an argument that begins with a dash', () => {
  // `secrets set` repeats nothing that may be a value, and says where one is given; `db shell` hands options on to psql.
  const taking = leavesOf(wholeProgram()).filter(
    (each) =>
      each.registeredArguments.length > 0 && !['secrets set', 'db shell'].includes(nameOf(each)),
  );

  test('is refused by each command that takes arguments, which says where it may stand', async () => {
    expect(taking.length).toBeGreaterThan(20);
    for (const command of taking) {
      const needed = command.options.filter(({ mandatory }) => mandatory);
      const given = needed.flatMap(({ long, argChoices }) => [long!, argChoices?.[0] ?? '1h']);
      for (const dashed of ['- fixed nginx', '-fixed', '--fixed']) {
        const args = [...nameOf(command).split(' '), ...given, 'x', dashed];
        const { code, err } = await roundsman(url, ...args);
        expect({ args, code, err }).toEqual({
          args,
          code: 2,
          err: expect.stringContaining(`npx roundsman ${nameOf(command)} [options] -- `),
        });
      }
    }
  });

  test('is not said to a command that takes none', async () => {
    const { err } = await roundsman(url, 'runs', 'list', '--foo', '-o', 'table');
    expect(err).not.toContain(' -- ');
  });

  test('is taken behind the two dashes', async () => {
    const ticket = await insertTicket(db, botId, 'nginx is down');
    const as = ['--as', 'ann'];
    for (const args of [
      [...as, '--', ticket, '- fixed nginx'],
      [ticket, ...as, '--', '--fixed'],
    ])
      expect(await roundsman(url, 'tickets', 'comment', ...args)).toMatchObject({ code: 0 });
    const { out } = await roundsman(url, 'tickets', 'history', ticket, '-o', 'table');
    expect(out).toContain('- fixed nginx');
    expect(out).toContain('--fixed');
  });
});

test('every command says which settings are not read, once and beside its result', async () => {
  const odd = { database_url: 'postgres://u:hunter2000@host/name', ROUNDSMAN_KEY: 'hunter2000' };
  for (const args of [
    ['status', '--json'],
    ['bots', 'list', '--json'],
    ['bots', 'run', 'none'],
    ['doctor'],
  ]) {
    const { out, err } = await start(url, args, odd).ended;
    const told = (args[0] === 'doctor' ? out : err).replaceAll(/\s+/g, ' ');
    for (const what of ['database_url is not read', 'ROUNDSMAN_KEY is not a setting'])
      expect({ args, count: told.split(what).length - 1 }).toEqual({ args, count: 1 });
    if (args.includes('--json')) JSON.parse(out);
    expect(out + err).not.toContain('hunter');
  }
  expect((await start(url, ['status', '--help'], odd).ended).err).toBe('');
}, 60_000);

test('an address of Redis that names no database is refused by every process', async () => {
  for (const command of ['round', 'worker', 'scheduler', 'up']) {
    const { code, err } = await start(url, [command], { REDIS_URL: 'redis://localhost/abc' }).ended;
    expect(err).toContain('REDIS_URL cannot be used');
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  }
  const { out } = await start(url, ['doctor'], { REDIS_URL: 'redis://localhost/abc' }).ended;
  expect(out).toMatch(/^fail +Config +REDIS_URL cannot be used: .* database/m);
});

test('a demo that is refused leaves nothing behind', async () => {
  const shared = mkdtempSync(join(tmpdir(), 'roundsman-shared-'));
  onTestFinished(() => rmSync(shared, { recursive: true, force: true }));
  chmodSync(shared, 0o777);
  const { code, err } = await start(undefined, ['demo'], { TMPDIR: shared }).ended;
  expect(err).toContain('A throw-away database cannot be started');
  expect(code).toBe(1);
  expect(readdirSync(shared)).toEqual([]);
});

test('what commander repeats of a wrong word is printed raw nowhere', async () => {
  const hostile = 'a\u001B[31mb\u0007c\u009B0md\u202E';
  for (const args of [[hostile], ['bots', hostile], ['runs', 'list', '--status', hostile]]) {
    const { code, err } = await roundsman(url, ...args);
    expect(code).toBe(2);
    expect(err).toContain('[31mb');
    // oxlint-disable-next-line no-control-regex
    expect(err).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    // Line by line: the suggestion of --help keeps its own.
    expect(err.trimEnd().split('\n').length).toBeGreaterThan(1);
  }
});

describe('a time that is refused says why:', () => {
  const edit = (...given: string[]) => ['bots', 'edit', 'night-watch', ...given];
  test.each([
    [edit('--timeout', '99999999999d'), 'it is too long: 1d at most', '--timeout 90s'],
    [edit('--timeout', '0s'), 'it is too short: 1s at least', '--timeout 90s'],
    [edit('--timeout', '0'), 'it is too short: 1s at least', '--timeout 90s'],
    [edit('--jitter', '25h'), 'it is too long: 1d at most', '--jitter 30s'],
    [edit('--jitter', 'soon'), 'one of s, m, h, d, w after it', '--jitter 30s'],
    [edit('--grace', '366d'), 'it is too long: 365d at most', '--grace 30m'],
    [['runs', 'list', '--since', '999999999d'], 'it is too long: 36500d at most', '--since 24h'],
  ])('%j', async (args, why, hint) => {
    const { code, err } = await roundsman(url, ...args);
    expect(code).toBe(2);
    expect(err).toContain(`cannot be ${JSON.stringify(args.at(-1))}`);
    expect(err).toContain(why);
    expect(err).toContain(hint);
  });

  test('and one at its limit is taken', async () => {
    expect((await roundsman(url, 'runs', 'list', '--since', '36500d', '-o', 'table')).code).toBe(0);
    expect((await roundsman(url, ...edit('--timeout', '1d', '--jitter', '0'))).code).toBe(0);
  });
});

test("add's help has defaults, and edit's, which changes what is given only, has none", async () => {
  const helps = ['add', 'edit'].map((verb) => roundsman(undefined, 'bots', verb, '--help'));
  const [add, edit] = await Promise.all(helps);
  expect(add!.out).toContain('(60s)');
  expect(edit!.out).not.toMatch(/\((?:60s|last|UTC|\d+)\)/);
});

test.each(['tickets', 'notify', 'maintenance', 'knowledge', 'runs'])(
  'the help of %s fits into 80 columns',
  async (noun) => {
    const { out } = await roundsman(undefined, noun, '--help');
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  },
);

test('help and the version end with 0', async () => {
  const help = await roundsman(undefined, '--help');
  expect(help.code).toBe(0);
  for (const noun of ['bots', 'runs', 'findings', 'tickets', 'knowledge', 'db', 'status', 'doctor'])
    expect(help.out).toMatch(new RegExp(`^  ${noun} `, 'm'));
  expect((await roundsman(undefined, '--version')).code).toBe(0);
});

describe('what is not there ends with 3 and a way on:', () => {
  test.each([
    ['a bot with a slip in its name', ['bots', 'show', 'nigth-watch'], 'did you mean night-watch?'],
    ['a bot of quite another name', ['bots', 'run', 'postman'], 'roundsman bots list'],
    ['a bot as a filter', ['runs', 'list', '--bot', 'night'], 'did you mean night-watch?'],
    ['a run', ['runs', 'show', 'abcd'], 'roundsman runs list'],
    ['a finding', ['findings', 'show', 'abcd'], 'roundsman findings list'],
    ['a ticket', ['tickets', 'assign', 'T-7', 'ann'], 'roundsman tickets list'],
    ['an entry of knowledge', ['knowledge', 'show', 'x'], 'roundsman knowledge list'],
  ])('%s', async (_, args, hint) => {
    const { code, out, err } = await roundsman(url, ...args);
    expect({ code, out }).toEqual({ code: 3, out: '' });
    expect(err).toContain(hint);
  });
});

test('the beginning of an id does, unless more than one begins so: then all are named', async () => {
  const ids = ['beef1111-0000-4000-8000-000000000001', 'beef2222-0000-4000-8000-000000000002'];
  for (const id of ids) await insertRun(db, botId, 1, { id });
  for (const id of ids) await insertFinding(db, botId, id, { id });
  for (const noun of ['runs', 'findings']) {
    const one = await roundsman(url, noun, 'show', 'BEEF1', '--json');
    expect(one.json().id).toBe(ids[0]);
    const many = await roundsman(url, noun, 'show', 'beef');
    expect(many.code).toBe(2);
    for (const id of ids) expect(many.err).toContain(id);
  }
});

test.each([
  [['limits', '--nope'], '`npx roundsman limits --help` shows those that it has'],
  [['tickets', 'show', '--nope'], 'what begins with - and is none goes after --'],
])('%j says what to type instead', async (args, hint) => {
  const { code, err } = await roundsman('', ...args);
  expect(code).toBe(2);
  expect(/^ {2}try: (.*)$/m.exec(err)?.[1]).toContain(hint);
});
