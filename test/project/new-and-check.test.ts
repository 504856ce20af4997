/** `bots new` and `bots check`: from nothing to a bot whose checks can be asked. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { expect, inject, test, vi } from 'vitest';
import { testDatabase } from '../support/database.ts';
import { aProject, botFile, runIn } from '../support/project.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

// Each test waits for several real commands, which are slow on a busy machine.
vi.setConfig({ testTimeout: 240_000 });

/** Runs a test file of a project by node:test, on the tests' own server. Returns its exit code and output. */
async function nodeTest(
  project: string,
  file: string,
): Promise<{ code: number | null; out: string }> {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, ['--test', file], {
    cwd: project,
    env: { PATH, HOME, TEST_DATABASE_URL: inject('postgresUrl') },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  await once(child, 'close');
  return { code: child.exitCode, out };
}

test.each([
  ['a bot', [], ['late-orders.test.ts', 'late-orders.ts']],
  ['a bot with a remedy', ['--remedy'], ['late-orders.test.ts', 'late-orders.ts']],
])(
  '%s: its test fails at first, and passes after the one edit that it names',
  async (_, options, files) => {
    const project = aProject({ 'node_modules/.keep': '' });
    symlinkSync(root, join(project, 'node_modules/roundsman'));
    const made = await runIn(project, ['bots', 'new', 'late-orders', ...options]);
    expect(made.err).toBe(
      'left out: bots: there is no such folder. Try: make it, or take it out of `catalogues.folders` of the config\n',
    );
    expect(made.code).toBe(0);
    expect(readdirSync(join(project, 'bots'))).toEqual(files);
    const file = join(project, 'bots/late-orders.ts');
    const failing = await nodeTest(project, 'bots/late-orders.test.ts');
    expect(failing.code).toBe(1);
    expect(failing.out).toContain('the check reported no finding with');

    const [, edited, written] = /: put (.+) in place of (.+)\.\n/.exec(made.out)!;
    const before = readFileSync(file, 'utf8');
    expect(before.split(`= ${written}`)).toHaveLength(2);
    writeFileSync(
      file,
      before.replace(`= ${written}`, () => `= ${edited}`),
    );
    expect(await nodeTest(project, 'bots/late-orders.test.ts')).toMatchObject({ code: 0 });

    const again = await runIn(project, ['bots', 'new', 'late-orders']);
    expect(again).toMatchObject({
      code: 2,
      err: expect.stringContaining('the catalogue has a bot of this name'),
    });
    expect(readFileSync(file, 'utf8')).toBe(before.replace(`= ${written}`, () => `= ${edited}`));
  },
);

test('no file is overwritten, a name that a bot cannot have is refused, and a folder has to be known', async () => {
  const project = aProject({ 'bots/taken.test.ts': 'mine\n' });
  const tried = async (...args: string[]) => {
    const { code, err } = await runIn(project, ['bots', 'new', ...args]);
    return `${code} ${/why: (.*)/.exec(err)?.[1]}`;
  };
  expect(await tried('taken')).toBe(
    `2 there is a file ${project}/bots/taken.test.ts, and no file is overwritten`,
  );
  expect(await tried('../outside')).toContain('2 a name has only lower-case letters');
  expect(await tried('fresh', '--folder', 'package.json')).toContain('1 ');
  expect(readdirSync(join(project, 'bots'))).toEqual(['taken.test.ts']);
  expect(readFileSync(join(project, 'bots/taken.test.ts'), 'utf8')).toBe('mine\n');
  mkdirSync(join(project, 'below'));
  writeFileSync(join(project, 'below/package.json'), '{}');
  const { code, err } = await runIn(join(project, 'below'), ['bots', 'new', 'fresh']);
  expect({ code, err }).toEqual({
    code: 2,
    err: expect.stringContaining('no roundsman.config.ts names a folder'),
  });
});

const checks = (body: string) => `\
import { defineBot, sql, z, type CheckContext, type CheckResult } from 'roundsman/bot';

const clean = async (): Promise<CheckResult> => ({ examined: ['a', 'b'], findings: [] });

${body}

export default defineBot({
  name: 'own',
  displayName: 'Own',
  description: 'Looks.',
  schedule: '@daily',
  config: z.strictObject({ days: z.number().default(3) }),
  checks: [
    { name: 'clean', title: 'Clean?', run: clean },
    { name: 'look', title: 'Well?', run: look },
  ],
});
`;

test('bots check prints what would be reported and errors with their line, and writes nothing', async () => {
  const { db, url } = await testDatabase();
  const project = aProject({
    'bots/finds.ts': checks(`async function look({ days }: { days: number }): Promise<CheckResult> {
  return { examined: ['a'], findings: [{ severity: 'high', category: 'c', component: 'a', title: \`a is late: \${days}\` }] };
}`),
    'bots/throws.ts': checks(`async function look(): Promise<CheckResult> {
  const limits: { of?: { days: number } } = {};
  return { examined: [String(limits.of!.days)], findings: [] };
}`),
    'bots/writes.ts':
      checks(`async function look(_config: unknown, { db }: CheckContext): Promise<CheckResult> {
  await sql\`INSERT INTO engine.settings (key, value) VALUES ('mine', '1')\`.execute(db);
  return { examined: [], findings: [] };
}`),
    'bots/broken.ts': 'export default {{;\n',
  });
  const counts = async () =>
    (
      await sql<{ rows: string }>`
        SELECT string_agg(relname || ' ' || n, ',' ORDER BY relname) AS rows FROM (
          SELECT c.relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %I.%I', s.nspname, c.relname), false, true, '')))[1]::text AS n
          FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
          WHERE c.relkind = 'r' AND s.nspname IN ('public', 'engine')) t`.execute(db)
    ).rows[0]!.rows;
  const before = await counts();
  const check = (...args: string[]) =>
    runIn(project, ['bots', 'check', ...args], { DATABASE_URL: url });

  const found = await check('bots/finds.ts', '--config', '{"days": 9}');
  expect(found.out).toMatch(
    /^clean: passed, 2 components examined, .*\nlook: failed, 1 component examined, .*\n  high  a is late: 9 \(a\)\nNothing was written\.\n$/,
  );
  expect(found.code).toBe(6);
  const one = await check('bots/finds.ts', '--check', 'clean', '--json');
  expect(one.code).toBe(0);
  expect(JSON.parse(one.out)).toMatchObject({
    bot: 'own',
    checks: [{ name: 'clean', status: 'passed', examined: 2, findings: [] }],
  });
  const thrown = await check('bots/throws.ts');
  expect(thrown.code).toBe(1);
  expect(thrown.out).toContain(`at ${project}/bots/throws.ts:7`);
  const wrote = await check('bots/writes.ts', '--check', 'look');
  expect(wrote.code).toBe(1);
  expect(wrote.out).toContain('read-only transaction');
  expect(await counts()).toBe(before);

  expect(await check('bots/broken.ts')).toMatchObject({
    code: 2,
    err: expect.stringContaining('broken.ts:1: '),
  });
  expect(await check('bots/none.ts')).toMatchObject({
    code: 2,
    err: expect.stringContaining('there is no such file'),
  });
  expect(await check('bots/finds.ts', '--check', 'lok')).toMatchObject({
    code: 3,
    err: expect.stringContaining('did you mean look?'),
  });
  expect(await check('bots/finds.ts', '--config', '{"day": 9}')).toMatchObject({
    code: 2,
    err: expect.stringContaining('day is not a setting of own'),
  });
});

test('a check that does not end is ended at its time, and a check that skips says why', async () => {
  const { url } = await testDatabase();
  const project = aProject({
    'bots/hangs.ts': botFile('hangs', 'return new Promise(() => { for (;;); });'),
    'bots/skips.ts': botFile('skips', "return _context.skip('there is nothing to look at');"),
  });
  const check = (...args: string[]) =>
    runIn(project, ['bots', 'check', ...args], { DATABASE_URL: url });
  expect(await check('bots/hangs.ts', '--timeout', '2s')).toMatchObject({
    code: 1,
    out: expect.stringContaining('look: errored'),
  });
  const skipped = await check('bots/skips.ts');
  expect(skipped).toMatchObject({
    code: 0,
    out: expect.stringContaining('there is nothing to look at'),
  });
});
