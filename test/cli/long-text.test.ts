/** Long texts: from files, from standard input, and from an editor. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sql } from 'kysely';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import {
  commandOf,
  hasTerminal,
  inShell,
  inTerminal,
  keys,
  type Typed,
} from '../support/terminal.ts';
import { roundsman, start } from './command.ts';
import { insertBot, insertFinding, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'long-text-'));
afterAll(() => rmSync(folder, { recursive: true }));
let ticket: string;

beforeEach(async () => {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  const bot = await insertBot(db, 'watch');
  const finding = await insertFinding(db, bot, 'it is slow', { fingerprint: 'fp' });
  const of = { fingerprint: 'fp', finding_id: finding };
  ticket = await insertTicket(db, bot, 'it is slow', of);
});

const notes = async () =>
  (await db.selectFrom('bot_tickets').select('resolution_notes').executeTakeFirstOrThrow())
    .resolution_notes;
const comments = async () =>
  (await db.selectFrom('bot_ticket_events').select('detail').execute()).map(
    ({ detail }) => (detail as { text: string }).text,
  );
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

test('notes come from a file, and a comment too, with plain line ends', async () => {
  const path = file('notes.txt', '\ufeffrestarted it\r\n\r\nand – at last – saw why\r\n');
  expect(await roundsman(url, 'tickets', 'comment', ticket, '--notes-file', path)).toMatchObject({
    code: 0,
  });
  await roundsman(url, 'tickets', 'resolve', ticket, '--notes-file', path);
  const text = 'restarted it\n\nand – at last – saw why';
  expect(await notes()).toBe(text);
  expect((await comments())[0]).toBe(text);
});

test('a file in UTF-16 is read, as everywhere', async () => {
  const path = file('wide.txt', Buffer.from('\ufeffGrüße\r\n', 'utf16le'));
  await roundsman(url, 'tickets', 'resolve', ticket, '--notes-file', path);
  expect(await notes()).toBe('Grüße');
});

test('and from standard input', async () => {
  const { PATH } = process.env;
  const child = spawn(
    process.execPath,
    [
      join(import.meta.dirname, '../../src/bin/roundsman.js'),
      'tickets',
      'resolve',
      ticket,
      '--notes-file',
      '-',
    ],
    { stdio: ['pipe', 'ignore', 'inherit'], env: { PATH, DATABASE_URL: url, REDIS_URL: '' } },
  );
  child.stdin.end('from a\r\npipe\n');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(await notes()).toBe('from a\npipe');
});

test.each([
  ['no such file', () => join(folder, 'missing'), 'there is no such file'],
  ['a folder', () => folder, 'it is a directory'],
  ['an empty file', () => file('empty', ' \r\n'), 'is empty'],
  ['a NUL character', () => file('nul', 'a\0b'), 'holds a NUL byte'],
  ['bytes that are no text', () => file('bytes', Buffer.from([0x61, 0xff, 0x41])), 'is not UTF-8'],
  ['an archive', () => file('a.gz', gzipSync('what was done')), 'it is compressed (gzip)'],
  ['a megabyte', () => file('large', 'x'.repeat(1_000_001)), 'longer than 1000000 bytes'],
  ['more than fits', () => file('long', 'x'.repeat(10_001)), '10001 characters, and 10000'],
  ['what never ends', () => '/dev/zero', 'it is a device'],
])('%s is refused by name, and nothing is changed', async (_, path, why) => {
  for (const verb of ['resolve', 'comment']) {
    const { code, err } = await roundsman(url, 'tickets', verb, ticket, '--notes-file', path());
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(why) });
  }
  expect(await notes()).toBeNull();
  expect(await comments()).toEqual([]);
});

test.each(['roundsman', 'Policy', 'external'])(
  'no person acts as %s: the engine writes under this name',
  async (name) => {
    const { code, err } = await roundsman(url, 'tickets', 'comment', ticket, 'x', '--as', name);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is not a person') });
    expect(await comments()).toEqual([]);
  },
);

test('one text at a time, and no editor without a terminal', async () => {
  for (const args of [
    ['resolve', ticket, '--notes', 'x', '--notes-file', '-'],
    ['resolve', ticket, '--edit', '--notes-file', '-'],
    ['comment', ticket, 'x', '--edit'],
  ])
    expect(await roundsman(url, 'tickets', ...args)).toMatchObject({ code: 2 });
  const { code, err } = await start(url, ['tickets', 'resolve', ticket, '--edit'], {
    EDITOR: 'true',
  }).ended;
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('no terminal') });
  expect(await notes()).toBeNull();
});

describe.skipIf(!hasTerminal)('in an editor', () => {
  /** A program that edits as the shell commands say; `$1` is the file. */
  const editor = (name: string, commands: string): string => {
    const path = file(name, `#!/bin/sh\n${commands}\n`);
    chmodSync(path, 0o700);
    return path;
  };
  const temporary = join(folder, 'tmp');
  const state = join(folder, 'state');
  const drafts = join(state, 'roundsman', 'drafts');
  const places = { TMPDIR: temporary, XDG_STATE_HOME: state };
  beforeEach(() => {
    for (const each of [temporary, state]) {
      rmSync(each, { recursive: true, force: true });
      mkdirSync(each);
    }
  });
  /** The files that were kept. */
  const kept = (): string[] =>
    existsSync(drafts) ? readdirSync(drafts).map((each) => join(drafts, each, 'text.md')) : [];
  const told = (shown: string): string => shown.replaceAll(/\s/g, '');
  const edits = (
    env: NodeJS.ProcessEnv,
    verb = 'resolve',
    typed: Typed = [],
    more: string[] = [],
  ) => inTerminal(url, ['tickets', verb, ticket, '--edit', ...more], typed, { ...places, ...env });

  test('what is saved is the text; its file is private, and gone afterwards', async () => {
    const seen = join(folder, 'seen');
    const writes = editor(
      'writes',
      `stat -c %a "$1" "$(dirname "$1")" > ${seen}; printf 'line 1\\r\\nline 2\\n' > "$1"`,
    );
    // VISUAL is asked first.
    expect(await edits({ VISUAL: writes, EDITOR: 'false' })).toMatchObject({ code: 0 });
    expect(await notes()).toBe('line 1\nline 2');
    expect(readFileSync(seen, 'utf8')).toBe('600\n700\n');
    // A name may have arguments.
    expect(await edits({ EDITOR: `env X=1 ${writes}` }, 'comment')).toMatchObject({ code: 0 });
    expect(await comments()).toContain('line 1\nline 2');
    expect(kept()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test.each([
    ['is left empty', () => 'true', 'the text was left empty', 0],
    ['fails', () => editor('fails', 'exit 3'), 'ended with 3', 0],
    ['fails when half is saved', () => editor('half', 'echo half > "$1"; exit 3'), 'with 3', 1],
    ['is killed', () => editor('killed', 'kill -9 $$'), 'ended with', 0],
    ['is not there', () => '/no/such/editor', 'cannot be started', 0],
    ['is not named', () => '', 'neither VISUAL nor EDITOR', 0],
    ['writes no text', () => editor('nul', `printf 'a\\000b' > "$1"`), 'holds a NUL byte', 1],
    ['writes too much', () => editor('much', 'yes | head -c 20000 > "$1"'), '10000 characters', 1],
  ])('an editor that %s changes nothing, and says so', async (_, made, why, left) => {
    const { code, shown } = await edits({ EDITOR: made(), VISUAL: '' });
    expect({ code, said: told(shown) }).toEqual({
      code: 2,
      said: expect.stringContaining(told(why)),
    });
    expect(await notes()).toBeNull();
    expect(kept()).toHaveLength(left);
    for (const each of kept()) expect(told(shown)).toContain(`--notes-file${each}`);
    expect(readdirSync(temporary)).toEqual([]);
  });

  const text = (name: string, before = ':') =>
    editor(name, `${before}; echo "hours of work" > "$1"`);

  test('what was written is kept when another person was faster, and gone once it is stored', async () => {
    const slow = text(
      'slow',
      `${commandOf(['tickets', 'resolve', ticket, '--notes', 'faster', '--as', 'bob'])} > ${folder}/bob`,
    );
    const { code, shown } = await edits({ EDITOR: slow });
    expect({ code, shown }).toEqual({ code: 1, shown: expect.stringContaining('bob') });
    expect(await notes()).toBe('faster');
    const [path] = kept() as [string];
    expect(told(shown)).toContain(`try:`);
    expect(told(shown)).toContain(`whatwaswritteniskept:--notes-file${path}`);
    expect(readFileSync(path, 'utf8')).toBe('hours of work\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const again = await start(url, ['tickets', 'comment', ticket, '--notes-file', path], places)
      .ended;
    expect(again).toMatchObject({ code: 0 });
    expect(await comments()).toContain('hours of work');
    expect(kept()).toEqual([]);
  });

  test.each([
    ['Ctrl-C', keys.interrupt],
    ['SIGTERM', 'signal:SIGTERM'],
  ])('what was written is kept when %s ends the command behind it', async (_, typed) => {
    const ended = await edits(
      { EDITOR: text('ends') },
      'resolve',
      [['[y/N]: ', typed]],
      ['--learn'],
    );
    expect(ended.code).not.toBe(0);
    expect(await notes()).toBeNull();
    expect(kept().map((path) => readFileSync(path, 'utf8'))).toEqual(['hours of work\n']);
    expect(told(ended.shown)).toContain(`--notes-file${kept()[0]}`);
  });

  test.each([
    ['resolve', 'What was done: ', '--notes-file'],
    ['reopen', 'Why: ', '--reason"$(cat'],
  ])('what was typed for %s is kept when the server refuses it', async (verb, question, again) => {
    if (verb === 'reopen') await roundsman(url, 'tickets', 'resolve', ticket, '--notes', 'x');
    await sql`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no room'; END$$`.execute(
      db,
    );
    await sql`CREATE TRIGGER refuse BEFORE UPDATE ON bot_tickets FOR EACH ROW EXECUTE FUNCTION refuse()`.execute(
      db,
    );
    try {
      const typed: Typed = [[question, `typed by hand${keys.enter}`]];
      const { code, shown } = await inTerminal(url, ['tickets', verb, ticket], typed, places);
      expect({ code, shown }).toEqual({ code: 1, shown: expect.stringContaining('no room') });
      expect(kept().map((path) => readFileSync(path, 'utf8'))).toEqual(['typed by hand\n']);
      expect(told(shown)).toContain(`${again}${kept()[0]}`);
    } finally {
      await sql`DROP TRIGGER refuse ON bot_tickets`.execute(db);
    }
  });

  test('what was written for many is kept when a person then says no', async () => {
    const { code, shown } = await inTerminal(
      url,
      ['tickets', 'bulk', 'resolve', '--bot', 'watch', '--edit'],
      [['[y/N]: ', `n${keys.enter}`]],
      { ...places, EDITOR: text('many') },
    );
    expect(code).toBe(0);
    expect(await notes()).toBeNull();
    expect(kept()).toHaveLength(1);
    expect(told(shown)).toContain(`--notes-file${kept()[0]}`);
  });

  test('where no directory is the account\u2019s alone, the text is printed and stays nowhere', async () => {
    chmodSync(state, 0o777);
    const { code, shown } = await edits(
      { EDITOR: text('printed') },
      'resolve',
      [['[y/N]: ', keys.interrupt]],
      ['--learn'],
    );
    expect({ code, shown }).toEqual({ code: 130, shown: expect.stringContaining('hours of work') });
    expect(kept()).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('without a place for its file nothing is changed, and what to set is said', async () => {
    const { code, shown } = await edits({
      EDITOR: 'true',
      TMPDIR: '/no/such/place',
      XDG_STATE_HOME: '/proc/none',
    });
    expect({ code, shown }).toEqual({ code: 2, shown: expect.stringContaining('TMPDIR') });
    expect(await notes()).toBeNull();
  });

  test('the terminal is as before, whatever the editor made of it', async () => {
    const raw = editor('raw', 'stty raw -echo; echo x > "$1"; exit 1');
    const [before, after] = [join(folder, 'before'), join(folder, 'after')];
    const command = commandOf(['tickets', 'resolve', ticket, '--edit']);
    const { shown } = await inShell(url, [
      [
        'ready> ',
        `stty -g > ${before}; EDITOR=${raw} ${command}; stty -g > ${after}; stty sane; exit${keys.enter}`,
      ],
    ]);
    // In the mode that the editor left, a line would begin below the end of the one before.
    expect(shown).toMatch(/ended with 1[^\n]*\r\n/);
    expect(readFileSync(after, 'utf8')).toBe(readFileSync(before, 'utf8'));
  });
});
