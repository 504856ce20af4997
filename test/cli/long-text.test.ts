/** Long texts: from files, from standard input, and from an editor. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { commandOf, hasTerminal, inShell, inTerminal, keys } from '../support/terminal.ts';
import { roundsman, start } from './command.ts';
import { insertBot, insertTicket } from './rows.ts';

const { db, url } = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'long-text-'));
afterAll(() => rmSync(folder, { recursive: true }));
let ticket: string;

beforeEach(async () => {
  await sql`TRUNCATE bots CASCADE`.execute(db);
  ticket = await insertTicket(db, await insertBot(db, 'watch'), 'it is slow', {});
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
  ['a folder', () => folder, 'it is a folder'],
  ['an empty file', () => file('empty', ' \r\n'), 'is empty'],
  ['a NUL character', () => file('nul', 'a\0b'), 'holds a NUL character'],
  ['bytes that are no text', () => file('bytes', Buffer.from([0xff, 0xfe, 0x41])), 'is not UTF-8'],
  ['a megabyte', () => file('large', 'x'.repeat(1_000_001)), 'more than 1000000 bytes'],
  ['more than fits', () => file('long', 'x'.repeat(10_001)), '10001 characters, and 10000'],
  ['what never ends', () => '/dev/zero', 'more than 1000000 bytes'],
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
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is no person') });
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
  mkdirSync(temporary);
  const edits = (env: NodeJS.ProcessEnv, verb = 'resolve') =>
    inTerminal(url, ['tickets', verb, ticket, '--edit'], [], { TMPDIR: temporary, ...env });

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
    expect(readdirSync(temporary)).toEqual([]);
    // A name may have arguments.
    expect(await edits({ EDITOR: `env X=1 ${writes}` }, 'comment')).toMatchObject({ code: 0 });
    expect(await comments()).toContain('line 1\nline 2');
  });

  test.each([
    ['is left empty', () => 'true', 'the text was left empty'],
    ['fails', () => editor('fails', 'echo half > "$1"; exit 3'), 'ended with 3'],
    ['is killed', () => editor('killed', 'kill -9 $$'), 'ended with'],
    ['is not there', () => '/no/such/editor', 'cannot be started'],
    ['is not named', () => '', 'neither VISUAL nor EDITOR'],
    ['writes no text', () => editor('nul', `printf 'a\\000b' > "$1"`), 'holds a NUL character'],
    ['writes too much', () => editor('much', 'head -c 1000001 /dev/zero > "$1"'), '1000000 bytes'],
  ])('an editor that %s changes nothing, and says so', async (_, made, why) => {
    const { code, shown } = await edits({ EDITOR: made(), VISUAL: '' });
    expect({ code, shown }).toEqual({ code: 2, shown: expect.stringContaining(why) });
    expect(await notes()).toBeNull();
    expect(readdirSync(temporary)).toEqual([]);
  });

  test('without a place for its file nothing is changed, and what to set is said', async () => {
    const { code, shown } = await edits({ EDITOR: 'true', TMPDIR: '/no/such/place' });
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
