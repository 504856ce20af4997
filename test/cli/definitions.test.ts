/** export, diff, apply and schema as people type them; what they say in docs/as-code.md. */
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { default as addFormatsTo } from 'ajv-formats';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kindNames } from '../../src/services/definitions/kinds/kind-names.ts';
import { kinds } from '../../src/services/definitions/kinds/index.ts';
import { testDatabase } from '../support/database.ts';
import { roundsman } from './command.ts';
import { insertBot } from './rows.ts';
import { ownFolder } from '../support/own-folder.ts';

const { db, url } = await testDatabase();
const page = readFileSync(fileURLToPath(new URL('../../docs/as-code.md', import.meta.url)), 'utf8');

beforeEach(async () => {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences, engine.definitions CASCADE`.execute(db);
});

const folder = () => ownFolder('definitions-');
const head = (kind: string) => `apiVersion: roundsman/v1\nkind: ${kind}\ndefinitions:\n`;
const some = `${head('bots')}  sweeper: # the one that sweeps
    schedule: '*/5 * * * *'
    endpoint: conductor
`;

/** A folder with one file of definitions. */
function withFile(text: string | Buffer, name = 'bots.yaml'): string {
  const path = folder();
  writeFileSync(join(path, name), text);
  return path;
}

test('diff ends with 0, 1 or 2, and apply makes the difference go away', async () => {
  const path = withFile(some);
  const differs = await roundsman(url, 'diff', '-f', path);
  expect(differs.code).toBe(1);
  expect(differs.out).toContain('+ bots sweeper');
  expect(differs.out).toMatch(/next runs \(UTC\): \d{4}-\d\d-\d\d \d\d:\d\d, /);
  expect(differs.out).toMatch(/runs in the next 24 hours: 288/);
  const { plan, changes } = (await roundsman(url, 'diff', '-f', path, '--json')).json();
  expect(changes).toMatchObject([{ kind: 'bots', name: 'sweeper', action: 'add', line: 4 }]);
  expect(differs.out).toContain(`Plan ${plan}.`);
  expect((await roundsman(url, 'apply', '-f', path, '--dry-run')).code).toBe(0);
  expect((await roundsman(url, 'apply', '-f', path, '--plan', 'other')).code).toBe(2);
  expect((await roundsman(url, 'diff', '-f', path)).code).toBe(1);
  expect(await roundsman(url, 'apply', '-f', path, '--plan', plan)).toMatchObject({ code: 0 });
  expect(await roundsman(url, 'diff', '-f', path)).toMatchObject({
    code: 0,
    out: expect.stringContaining('Nothing differs: 1 definition as the files say.'),
  });
  const wrong = await roundsman(url, 'diff', '-f', withFile(some.replace('schedule', 'shedule')));
  expect(wrong.code).toBe(2);
  expect(wrong.err).toMatch(
    /bots\.yaml:5:5 sweeper: there is no "shedule"; did you mean schedule\?/,
  );
});

test('export writes a folder that an editor can check, and brings it up to date', async () => {
  await insertBot(db, 'sweeper');
  const path = join(folder(), 'definitions');
  expect((await roundsman(url, 'export', '-f', path)).code).toBe(0);
  expect(readdirSync(path).toSorted()).toEqual(['.roundsman', 'bots.yaml']);
  const text = readFileSync(join(path, 'bots.yaml'), 'utf8');
  const [, schema] = /^# yaml-language-server: \$schema=(.*)$/m.exec(text)!;
  const ajv = new Ajv({ strict: false });
  (addFormatsTo as unknown as (to: Ajv) => void)(ajv);
  const check = ajv.compile(JSON.parse(readFileSync(join(path, schema!), 'utf8')));
  expect(check(parse(text)), JSON.stringify(check.errors)).toBe(true);
  expect(check({ ...parse(text), kind: 'knowledge' })).toBe(false);
  // With Windows' ends of lines and a byte order mark, which stay.
  const windows = `\uFEFF${text.replaceAll('\n', '\r\n')}`;
  writeFileSync(join(path, 'bots.yaml'), windows);
  expect((await roundsman(url, 'diff', '-f', path)).code).toBe(0);
  expect((await roundsman(url, 'export', '-f', path)).out).toContain('nothing was written');
  expect(readFileSync(join(path, 'bots.yaml'), 'utf8')).toBe(windows);
  await sql`UPDATE bots SET priority = 7`.execute(db);
  expect((await roundsman(url, 'export', '-f', path)).code).toBe(0);
  const after = readFileSync(join(path, 'bots.yaml'), 'utf8');
  expect(after).toMatch(/^\uFEFF# yaml.*\r\n/);
  expect(after).toContain('    priority: 7\r\n');
});

test('export prints one kind, and one file has one kind', async () => {
  await insertBot(db, 'sweeper');
  const { out } = await roundsman(url, 'export', 'bots');
  expect(Object.keys(parse(out).definitions)).toEqual(['sweeper']);
  expect((await roundsman(url, 'export')).code).toBe(2);
  expect((await roundsman(url, 'export', '-f', join(folder(), 'all.yaml'))).code).toBe(2);
});

describe('what is refused:', () => {
  test.each([
    ['text that is not UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0x0a]), /UTF-8/],
    ['a file of 5 MB', `a: ${'x'.repeat(5_000_000)}`, /longer than 4194304 bytes/],
    ['escape sequences, which are not repeated', `a: "\u001b[31m"\n\u001b[31mb: 1\n`, /bots\.yaml/],
  ])('%s', async (_, text, message) => {
    const { code, err } = await roundsman(url, 'diff', '-f', withFile(text));
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringMatching(message) });
    expect(err).not.toContain('\u001b[31m');
  });

  test('a folder without files, a link in a folder, and a kind that is not there', async () => {
    const path = folder();
    expect((await roundsman(url, 'diff', '-f', path)).err).toContain('no file in it');
    symlinkSync(withFile(some), join(path, 'inner.yaml'));
    expect((await roundsman(url, 'diff', '-f', path)).err).toContain('symbolic link');
    mkdirSync(join(path, '.hidden'));
    expect((await roundsman(url, 'schema', 'bot')).code).toBe(2);
  });
});

test('the kinds by name are those that there are, and the page names each', async () => {
  expect([...kindNames].toSorted()).toEqual(kinds.map(({ kind }) => kind).toSorted());
  for (const kind of kindNames) {
    expect(page).toContain(`\`${kind}\``);
    expect((await roundsman(url, 'schema', kind)).json()).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
    });
  }
});

test('the file of the page is applied, and its commands are there', async () => {
  const [, file] = /```yaml\n([^]*?)```/.exec(page)!;
  // The catalogue of this checkout has no bot of that name.
  const text = file!.replaceAll('/api/bots/session-cleaner', '/api/bots/conductor');
  const path = withFile(text);
  expect(await roundsman(url, 'apply', '-f', path)).toMatchObject({ code: 0 });
  const commands = [...page.matchAll(/npx roundsman ([^\n#]+?)(?: {2,}#.*)?\n/g)].map(([, line]) =>
    line!.trim().split(' '),
  );
  expect(commands.length).toBeGreaterThan(4);
  for (const command of commands) {
    const args = command.map((word) => (word === 'definitions' ? path : word));
    // Nothing is removed: the number of the page is that of an example.
    const wanted = command.includes('12') ? 2 : 0;
    expect(await roundsman(url, ...args), command.join(' ')).toMatchObject({ code: wanted });
  }
});
