/** Changes of state have one home, src/transitions/, and docs/states.md says in which file each one stands. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { stateWrites, writingFunctions } from './status-writes.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const filesIn = (folder: string, end: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(end))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));

const home = 'src/transitions/';
const transitions = filesIn(home, '.ts');
const functions = [
  ...new Set(filesIn('migrations', '.sql').flatMap((path) => writingFunctions(read(path)))),
];
const states = read('docs/states.md');

/** What may write a state elsewhere, each for its reason. */
const allowed: Record<string, string> = {
  'src/database/': 'adoption mends what a database brought along, before any bot runs',
  'src/demo/': 'plants rows of a past that never happened',
  'src/backup/restore/': 'puts rows of a backup back as they were, into an empty database',
  'src/importers/import.ts': 'writes the tables of logs, which its callers name',
  'src/importers/correct-years.ts': 'moves times in the tables of logs, which its callers name',
};

const isAllowed = (path: string) => Object.keys(allowed).some((start) => path.startsWith(start));

/** What the head of a transition says, each after its word and up to the next one. */
const heads = ['From', 'To', 'By', 'Locks', 'Zero rows'];

/** Each word stands once, in this order, at the beginning of a line, and a sentence follows it. */
const headOf = new RegExp(
  String.raw`^/\*\*\n \* \S[\s\S]*?\n \*\n${heads
    .map((word) => String.raw` \* ${word}: \S(?:(?!\n \* (?:${heads.join('|')}): )[\s\S])*?\.\n`)
    .join('')}(?: \*\n(?: \*[^\n]*\n)+?)? \*/\n`,
);

test('each transition says at its head from where to where it leads, by whom, what it locks, and what zero rows mean', () => {
  expect(transitions.length).toBeGreaterThan(20);
  expect(transitions.filter((path) => !headOf.test(read(path)))).toEqual([]);
});

test('a transition opens no transaction: its caller has one, or sends it in a flush', () => {
  expect(
    transitions.filter((path) =>
      /\btransaction\(\)|\binTransaction\b|\bunderFence\b/.test(read(path)),
    ),
  ).toEqual([]);
});

test('nothing outside of src/transitions writes a state', () => {
  expect(functions).toContain('claim');
  const others = ['src', 'jobs', 'bots']
    .flatMap((folder) => filesIn(folder, '.ts'))
    .filter((path) => !path.startsWith(home) && !isAllowed(path));
  const writes = others.flatMap((path) =>
    stateWrites(read(path), functions).map((state) => `${path} writes ${state}`),
  );
  expect(writes).toEqual([]);
});

test('docs/states.md names each file that writes a state, and no other', () => {
  const named = new Set([...states.matchAll(/`([a-z]+\/[a-z-]+\.ts)`/g)].map(([, path]) => path!));
  const writers = transitions
    .filter((path) => stateWrites(read(path), functions).length > 0)
    .map((path) => path.slice(home.length));
  expect(writers.length).toBeGreaterThan(15);
  expect(writers.filter((path) => !named.has(path))).toEqual([]);
  expect([...named].filter((path) => !transitions.includes(home + path))).toEqual([]);
});

test('each row of the tables of states says which file writes it, or that a person does by hand', () => {
  const rows = [...states.matchAll(/^## (\S+)\n([\s\S]*?)(?=^## |(?![\s\S]))/gm)]
    .filter(([, , section]) => section!.includes('| written by |'))
    .flatMap(([, title, section]) =>
      section!
        .split('\n')
        .filter((line) => line.startsWith('| `'))
        .map((line) => ({ title, line })),
    );
  expect(rows.length).toBeGreaterThan(10);
  const silent = rows.filter(
    ({ line }) => !/\| (?:[^|]*`[a-z]+\/[a-z-]+\.ts`[^|]*|by hand[^|]*) \|$/.test(line),
  );
  expect(silent).toEqual([]);
});

const found: [string, string, string[]][] = [
  ['an update', 'UPDATE bots SET status = 1 WHERE true', ['bots.status']],
  ['one with an alias', 'update public.bots AS b\n  set x = 1, status = 2', ['bots.status']],
  [
    'one beside a subquery',
    "UPDATE bots b SET x = (SELECT 1 FROM y), status = 'error'",
    ['bots.status'],
  ],
  ['a list of columns', 'UPDATE bot_actions SET (a, state) = (1, 2)', ['bot_actions.state']],
  ['a list in a variable', 'sql`UPDATE bots SET ${change} WHERE id = 1`', ['bots.status']],
  ['an insert', 'INSERT INTO bot_findings (title) VALUES (1)', ['bot_findings.resolved_at']],
  ['a copy', 'COPY bot_findings (title) FROM STDIN', ['bot_findings.resolved_at']],
  ['a table in a variable', 'UPDATE ${sql.table(table)} SET x = 1', ['?']],
  ['a builder', "db.updateTable('bots as b').set({ name, status: 'error' })", ['bots.status']],
  ['a builder with a rest', "db.updateTable('bots').set({ ...change })", ['bots.status']],
  ['a builder with a variable', "db\n.updateTable('bots')\n.set(change)", ['bots.status']],
  ['a builder with a name', "db.updateTable('bots').set('status', 'x')", ['bots.status']],
  ["a builder's insert", "db.insertInto('bot_knowledge').values(x)", ['bot_knowledge.autonomy']],
  ["a builder's table in a variable", 'db.updateTable(table).set({ a: 1 })', ['?']],
  ['a function', 'SELECT engine.claim(1)', ['engine.claim()']],
  ['another column', "UPDATE bots SET status_reason = 'x' WHERE status = 'error'", []],
  [
    'a builder for another column',
    "db.updateTable('bots').set({ name: 'x' }).where('status', '=', 1)",
    [],
  ],
  ['another table', 'UPDATE bot_silences SET status = 1', []],
  ['a read', "SELECT status FROM bots WHERE status = 'error' FOR NO KEY UPDATE", []],
  ['a comment', '-- UPDATE bots SET status = 1\n// INSERT INTO bots', []],
];

test.each(found)('what writes a state is found: %s', (_, text, states) => {
  expect(stateWrites(text, ['claim'])).toEqual(states);
});
