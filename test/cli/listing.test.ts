/** One list in every form: for a person, for another program, for a spreadsheet. */
import { parseAllDocuments, parse } from 'yaml';
import { sql } from 'kysely';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertKnowledge } from './known.ts';
import fc from 'fast-check';
import { printDocument } from '../../src/cli/listing/document.ts';
import { ago, insertBot, insertFinding, insertRun, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const hostile = '=cmd|\' /C calc\'!A0\u001B[2J\ta\r\nforged\u202Eno: "yes", - x\u2028';

beforeAll(async () => {
  const watch = await insertBot(db, 'watch', { display_name: hostile });
  const quiet = await insertBot(db, 'quiet', { status: 'paused' });
  await insertBot(db, 'broken', { status: 'error', status_reason: 'no days' });
  await insertRun(db, watch, 5);
  await insertRun(db, quiet, 90, { status: 'failed', error_message: hostile });
  const finding = await insertFinding(db, watch, hostile, {
    affected_component: hostile,
    fingerprint: 'f',
  });
  await insertFinding(db, quiet, 'old', { last_seen_at: ago(300), severity: 'low' });
  await insertTicket(db, watch, hostile, {
    finding_id: finding,
    fingerprint: 'f',
    status: 'assigned',
    assigned_to: 'ann',
  });
  for (const [name, times] of [
    ['a', 3],
    ['b', 12],
    ['c', 0],
  ] as const)
    await insertKnowledge(db, name, { times_applied: times });
});

const ask = (...args: string[]) => roundsman(url, ...args);
const cells = (out: string) =>
  out
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'));

const lists = [
  'bots list',
  'bots next',
  'bots catalogue',
  'runs list',
  'findings list',
  'tickets list',
  'tickets history T-1',
  'knowledge list',
  'knowledge stats',
  'knowledge history a',
  'knowledge verify',
  'actions list',
  'silences list',
  'maintenance list',
  'notify list',
  'secrets list',
  'jobs list',
  'jobs history tidy',
  'limits',
  'settings',
].map((words) => words.split(' '));

describe('in a pipe', () => {
  test.each(lists.map((args) => [args.join(' '), args] as const))(
    '%s is lines with tabs, as many in each as the first has names',
    async (_, args) => {
      const { code, out } = await ask(...args);
      // What the entries count here has no heal behind it.
      expect(code).toBe(args[1] === 'verify' ? 1 : 0);
      const [head, ...rows] = cells(out);
      expect(head!.every((name) => /^[a-z_]+$/.test(name))).toBe(true);
      for (const row of rows) expect(row).toHaveLength(head!.length);
      // oxlint-disable-next-line no-control-regex
      expect(out).not.toMatch(/[\u001B\r]| {2}\S.* {2}\S.* {2}/);
      const { json } = await ask(...args, '--json');
      if (!['limits', 'settings'].includes(args[0]!)) expect(rows).toHaveLength(json().length);
    },
  );

  test('no text makes a row or a cell of its own, and what is nothing is empty', async () => {
    const [head, ...rows] = cells((await ask('findings', 'list')).out);
    expect(rows).toHaveLength(2);
    const row = Object.fromEntries(head!.map((name, at) => [name, rows[0]![at]]));
    expect(row.title).toBe('=cmd|\' /C calc\'!A0\uFFFD[2J a forged\uFFFDno: "yes", - x\uFFFD');
    expect(row).toMatchObject({ bot: 'watch', ticket: 'T-1', state: 'open' });
    const run = cells((await ask('runs', 'list', '--bot', 'watch')).out)[1]!;
    expect(run.at(-1)).toBe('');
  });

  test('times are exact there, and say how long ago where that is asked for', async () => {
    const seen = async (...args: string[]) =>
      cells((await ask('findings', 'list', '--columns', 'last_seen_at', ...args)).out)[1]![0];
    expect(await seen()).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(await seen('--time', 'relative')).toMatch(/ ago$/);
  });

  test('what is said beside it is on standard error', async () => {
    const { out, err } = await ask('bots', 'list');
    expect(out).not.toContain('no days');
    expect(err).toContain('broken: no days');
    const none = await ask('silences', 'list');
    expect(none.out).toBe(
      'id\twhat\ttitle\topen_findings\texpires_at\towner\tcreated_at\treason\tuntil_resolved\tended_at\n',
    );
    expect(none.err).toContain('Nothing is silenced.');
  });

  test('-o table is the table that a terminal shows', async () => {
    const { out, err } = await ask('bots', 'list', '-o', 'table');
    expect(out).toMatch(/^Bot +Status +Schedule +Last run +Next run \(UTC\) +Open$/m);
    expect(out).toMatch(/^watch +active .* \dm ago /m);
    expect(out).toContain('broken: no days');
    expect(err).not.toContain('no days');
  });
});

describe('other forms', () => {
  test('yaml, jsonl and json have the same rows, and lose nothing of a hostile text', async () => {
    const [json, jsonl, yaml] = await Promise.all([
      ask('findings', 'list', '--json'),
      ask('findings', 'list', '-o', 'jsonl'),
      ask('findings', 'list', '-o', 'yaml'),
    ]);
    const rows = json.json();
    expect(rows[0].title).toBe(hostile);
    expect(
      jsonl.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(rows);
    expect(parse(yaml.out)).toEqual(rows);
    expect(parseAllDocuments(yaml.out)).toHaveLength(1);
    for (const { out } of [json, jsonl, yaml])
      expect(out).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });

  test('yaml is read the same by YAML 1.1', async () => {
    await insertKnowledge(db, 'norway', { category: 'no', solution: '1:30' });
    const { out } = await ask('knowledge', 'show', 'norway', '-o', 'yaml');
    expect(parse(out, { version: '1.1' })).toMatchObject({ category: 'no', solution: '1:30' });
    await sql`DELETE FROM bot_knowledge WHERE name = 'norway'`.execute(db);
  });

  test('csv has one line a row, ended by CRLF, and no formula', async () => {
    const { out } = await ask('findings', 'list', '-o', 'csv', '--columns', 'title,severity');
    const lines = out.split('\r\n');
    expect(lines[0]).toBe('title,severity');
    expect(lines[1]).toBe(
      '"\'=cmd|\' /C calc\'!A0\uFFFD[2J a forged\uFFFDno: ""yes"", - x\uFFFD",high',
    );
    expect(lines).toHaveLength(4);
  });

  test.each(['show', 'explain'])('tickets %s is a document in each form', async (verb) => {
    const { json } = await ask('tickets', verb, 'T-1', '--json');
    const [yaml, jsonl] = await Promise.all([
      ask('tickets', verb, 'T-1', '-o', 'yaml'),
      ask('tickets', verb, 'T-1', '-o', 'jsonl'),
    ]);
    expect(parse(yaml.out)).toEqual(json());
    expect(JSON.parse(jsonl.out)).toEqual(json());
    expect(jsonl.out.trimEnd()).not.toContain('\n');
  });
});

describe('columns and fields', () => {
  test('--columns has those that are named, in their order, by head too, and any field of a row', async () => {
    const { out } = await ask('bots', 'list', '--columns', 'open,name,timezone');
    expect(cells(out).slice(0, 2)).toEqual([
      ['open_findings', 'name', 'timezone'],
      ['0', 'broken', 'UTC'],
    ]);
    const table = await ask('bots', 'list', '--columns', 'name,timezone', '-o', 'table');
    expect(table.out).toMatch(/^Bot +timezone$/m);
  });

  test('--json has only the fields that are named', async () => {
    expect((await ask('bots', 'list', '--json', 'name,status')).json()[0]).toEqual({
      name: 'broken',
      status: 'error',
    });
    expect((await ask('bots', 'show', 'watch', '--json', 'name')).json()).toEqual({
      name: 'watch',
    });
    expect((await ask('bots', 'show', '--json', 'watch')).json().name).toBe('watch');
    const yaml = await ask('bots', 'list', '-o', 'yaml', '--columns', 'name');
    expect(parse(yaml.out)).toEqual([{ name: 'broken' }, { name: 'quiet' }, { name: 'watch' }]);
  });

  test.each([
    [['bots', 'list', '--columns', 'name,statsu'], 'did you mean status'],
    [['bots', 'list', '--json', 'statsu'], 'did you mean status'],
    [['bots', 'show', 'watch', '--json', 'statsu'], 'did you mean status'],
    [['bots', 'list', '--sort', '-statsu'], 'did you mean status'],
    [['bots', 'list', '--columns', 'name,'], 'a comma between them'],
    [['bots', 'list', '-o', 'tabel'], 'did you mean table'],
    [['bots', 'list', '--time', 'isoo'], 'did you mean iso'],
    [['bots', 'list', '--json', '--columns', 'name'], 'excludes the other'],
    [['bots', 'show', 'watch', '-o', 'csv'], 'it has to be one of text, json, yaml, jsonl'],
  ])('%j is refused', async (args, said) => {
    const { code, out, err } = await ask(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(said);
  });
});

describe('a name that is no column of a list without rows', () => {
  test.each([
    [['silences', 'list', '--columns', 'reason,resaon'], '--columns', 'resaon', 'reason'],
    [['silences', 'list', '--columns', 'resaon', '-o', 'table'], '--columns', 'resaon', 'reason'],
    [['silences', 'list', '-o', 'yaml', '--columns', 'resaon'], '--columns', 'resaon', 'reason'],
    [['silences', 'list', '--json', 'resaon'], '--json', 'resaon', 'reason'],
    [['silences', 'list', '--sort', '-resaon'], '--sort', 'resaon', 'reason'],
    [['maintenance', 'list', '--json', 'nope'], '--json', 'nope', null],
  ])('%j is accepted, and said to be in doubt', async (args, flag, name, meant) => {
    const { code, err } = await ask(...args);
    expect(code).toBe(0);
    const doubts = err.split('\n').filter((line) => line.includes('no column of this list'));
    expect(doubts).toEqual([
      `${flag} names "${name}", which is no column of this list; without rows it is not known whether rows have it${meant ? ` (did you mean ${meant}?)` : ''}`,
    ]);
  });

  test.each([
    ['--columns', 'reason,why'],
    ['--sort', '-why'],
    ['--json', 'reason'],
  ])('nothing is in doubt of %s %s', async (flag, names) => {
    expect((await ask('silences', 'list', flag, names)).err).not.toContain('no column');
  });
});

describe('order and totals', () => {
  const names = async (...args: string[]) =>
    cells((await ask(...args, '--columns', 'name')).out)
      .slice(1)
      .map(([name]) => name);

  test('--sort orders all rows before the first are shown', async () => {
    expect(await names('knowledge', 'list', '--sort', '-times_applied')).toEqual(['b', 'a', 'c']);
    expect(await names('knowledge', 'list', '--sort', 'applied')).toEqual(['c', 'a', 'b']);
    expect(await names('knowledge', 'list', '--sort', '-applied', '--limit', '1')).toEqual(['b']);
    expect(await names('bots', 'list', '--sort', 'last_run')).toEqual(['quiet', 'watch', 'broken']);
    // What has nothing there is last, whichever way round.
    expect(await names('bots', 'list', '--sort', '-last_run')).toEqual([
      'watch',
      'quiet',
      'broken',
    ]);
  });

  test.each([
    [['bots', 'list'], '1 of 3'],
    [['bots', 'list', '--sort', 'name'], '1 of 3'],
    [['bots', 'next'], '1 of'],
    [['knowledge', 'list'], '1 of 3'],
    [['knowledge', 'stats'], '1 of 3'],
    [['findings', 'list'], '1 of 2'],
    [['runs', 'list'], '1 of 2'],
  ])('%j says of how many it shows the first', async (args, said) => {
    const { out, err } = await ask(...args, '--limit', '1');
    if (args[1] === 'next') return;
    expect(cells(out)).toHaveLength(2);
    expect(err).toContain(`only the first ${said}; --limit shows more`);
    const all = await ask(...args, '--limit', '3');
    expect(all.err).not.toContain('only the first');
  });

  test('very many are not counted', async () => {
    const many = await testDatabase();
    const bot = await insertBot(many.db, 'watch');
    const add = (from: number, to: number) =>
      sql`INSERT INTO bot_findings (bot_id, severity, category, title, fingerprint, component_key, check_name)
        SELECT ${bot}::uuid, 'info', 'many', 'many', 'f' || n, 'k' || n, 'c'
        FROM generate_series(${from}::int, ${to}::int) n`.execute(many.db);
    const said = async () => (await roundsman(many.url, 'findings', 'list', '--limit', '2')).err;
    await add(1, 5_016);
    expect(await said()).toContain('only the first 2 of 5,016;');
    await add(5_017, 10_001);
    expect(await said()).toContain('only the first 2 of more than 2;');
  }, 60_000);
});

describe('--since', () => {
  test.each([
    ['runs list', 'started_at', '1h', 1],
    ['runs list', 'started_at', '2h', 2],
    ['findings list', 'last_seen_at', '1h', 1],
    ['findings list', 'last_seen_at', '6h', 2],
    ['tickets history T-1', 'created_at', '1h', null],
    ['actions list', 'taken_at', '1h', 0],
    ['notify list', 'created_at', '2020-01-01 00:00', 0],
    ['knowledge history a', 'created_at', '2020-01-01', 0],
  ])('%s by %s since %s', async (words, _, since, count) => {
    const { code, out } = await ask(...words.split(' '), '--since', since);
    expect(code).toBe(0);
    if (count !== null) expect(cells(out)).toHaveLength(count + 1);
  });

  test('what is typed is in the zone of the operator', async () => {
    const at = new Date(Date.now() - 30 * 60_000);
    const wall = at.toLocaleString('sv-SE', { timeZone: 'Asia/Tokyo' }).slice(0, 16);
    const { start } = await import('./command.ts');
    const { out } = await start(url, ['runs', 'list', '--since', wall], { TZ: 'Asia/Tokyo' }).ended;
    expect(cells(out)).toHaveLength(2);
    expect(out).toContain('+09:00');
  });
});

test.each([' \n', '\n \n', ' \n\t\n', '\t\nx', '  \n\n x \n'])(
  'a text that begins with a blank line is read back from yaml: %j',
  (text) => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      printDocument([{ text }], { output: 'yaml' });
      expect(parse(write.mock.calls.map(([each]) => each).join(''))).toEqual([{ text }]);
    } finally {
      write.mockRestore();
    }
  },
);

test('any text is read back from yaml, and holds nothing that YAML forbids', () => {
  const forbidden = /[^\t\n\r\x20-\x7E\x85\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;
  const anything = fc.string({
    unit: fc.oneof(
      fc.nat(0x10ffff).map((code) => String.fromCodePoint(code)),
      fc.constantFrom(
        '\uFFFE',
        '\uFFFF',
        '\uFEFF',
        '\u0085',
        '\u{E0001}',
        '\n',
        ' ',
        ':',
        '#',
        '"',
        "'",
        '\\',
      ),
    ),
  });
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    fc.assert(
      fc.property(anything, anything, (text, key) => {
        write.mockClear();
        printDocument([{ [`k${key}`]: text }], { output: 'yaml' });
        const out = write.mock.calls.map(([each]) => each).join('');
        expect(out).not.toMatch(forbidden);
        expect(parse(out)).toEqual([{ [`k${key}`]: text }]);
      }),
      { numRuns: 500 },
    );
  } finally {
    write.mockRestore();
  }
});

describe('in lines for other programs', () => {
  const time = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)?$/;
  test.each([
    ['tickets list --all', 'respond_by'],
    ['bots list', 'last_run'],
    ['bots list', 'next_execution_at'],
    ['runs list', 'started_at'],
    ['jobs list', 'last_run'],
    ['jobs list', 'next_slot_at'],
    ['silences list --all', 'expires_at'],
    ['maintenance list --all', 'starts_at'],
  ])('%s: %s is a time alone', async (command, column) => {
    await sql`UPDATE bot_tickets SET respond_by = now() - interval '1 hour'`.execute(db);
    for (const form of ['tsv', 'csv']) {
      const { code, out } = await ask(...command.split(' '), '-o', form, '--columns', column);
      expect(code).toBe(0);
      for (const cell of out.trimEnd().split(/\r?\n/).slice(1)) expect(cell).toMatch(time);
    }
  });

  test('a column that is not there is refused before anything is said', async () => {
    const refused = await ask('findings', 'list', '--limit', '1', '--columns', 'nope');
    expect(refused.code).toBe(2);
    expect(refused.err).not.toContain('only the first');
    const yaml = await ask('bots', 'list', '-o', 'yaml', '--columns', 'last_run');
    expect(yaml.code).toBe(2);
    expect(yaml.err).toContain('in yaml there are id, name');
    expect(yaml.err).toContain('only table, tsv and csv have last_run');
  });
});
