import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { catalogueOf } from '../../src/catalogue/catalogue.ts';
import { connect } from '../../src/database/connect.ts';
import { currentIndex } from '../../src/heal/patterns/current-index.ts';
import { match } from '../../src/heal/match.ts';
import type { OpenFinding } from '../../src/heal/finding/open-finding.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';

let db: TestDatabase['db'];
let url: string;
beforeEach(async () => {
  ({ db, url } = await testDatabase());
});

const finding = (title: string, description: string | null = null, affected_component = 'node-1') =>
  ({ title, description, affected_component }) as OpenFinding;

const about = (finding: OpenFinding) => match(db, catalogueOf([], []), finding);

const names = async (finding: OpenFinding) =>
  (await about(finding)).candidates.map(({ name }) => name);

const learn = (name: string, issue_pattern: string, rest: object = {}, into = db) =>
  into
    .insertInto('bot_knowledge')
    .values({ name, category: 'test', issue_pattern, solution: 'look at it', ...rest })
    .returning('id')
    .executeTakeFirstOrThrow();

test('title, description and component are matched; disabled entries are candidates too, ordered by name', async () => {
  await learn('c.title', 'disk .*full');
  await learn('b.description', 'since tuesday');
  await learn('a.component', 'node-\\d$', { enabled: false });
  await learn('d.other', 'memory');
  expect(await names(finding('Disk sda is FULL', 'Since Tuesday.'))).toEqual([
    'a.component',
    'b.description',
    'c.title',
  ]);
});

test('on a component, its own autonomy counts', async () => {
  const { id } = await learn('disk', 'disk full', { autonomy: 'auto' });
  await db
    .insertInto('bot_knowledge_autonomy')
    .values({ knowledge_id: id, component: 'node-2', autonomy: 'shadow' })
    .execute();
  const there = await about(finding('disk full', null, 'node-2'));
  const elsewhere = await about(finding('disk full'));
  expect(there.candidates).toMatchObject([{ autonomy: 'shadow', enabled: true }]);
  expect(elsewhere.candidates).toMatchObject([{ autonomy: 'auto' }]);
});

test("another process's edits, additions and deletions are seen by the next match", async () => {
  const other = connect(url);
  const problem = finding('disk full');
  expect(await names(problem)).toEqual([]);
  await learn('disk', 'disk full', {}, other);
  expect(await names(problem)).toEqual(['disk']);
  await other.updateTable('bot_knowledge').set({ issue_pattern: 'memory low' }).execute();
  expect(await names(problem)).toEqual([]);
  expect(await names(finding('memory low'))).toEqual(['disk']);
  await other.deleteFrom('bot_knowledge').execute();
  expect(await names(finding('memory low'))).toEqual([]);
  await other.destroy();
});

test('an edit that began first and commits last is seen, and so is one that leaves updated_at alone', async () => {
  const other = connect(url);
  await learn('late', 'nothing yet');
  const early = await other.startTransaction().execute();
  await sql`SELECT now()`.execute(early);
  await learn('newer', 'disk full');
  expect(await names(finding('disk full'))).toEqual(['newer']);
  await early
    .updateTable('bot_knowledge')
    .set({ issue_pattern: 'disk' })
    .where('name', '=', 'late')
    .execute();
  expect(await names(finding('disk full'))).toEqual(['newer']);
  await early.commit().execute();
  expect(await names(finding('disk full'))).toEqual(['late', 'newer']);

  await sql`ALTER TABLE bot_knowledge DISABLE TRIGGER update_bot_knowledge_updated_at`.execute(db);
  await sql`UPDATE bot_knowledge SET issue_pattern = CASE name WHEN 'late' THEN 'memory' ELSE 'disk' END`.execute(
    db,
  );
  expect(await names(finding('disk full'))).toEqual(['newer']);
  await other.destroy();
});

test('outcomes that are counted do not rebuild the index; a new entry does', async () => {
  await learn('disk', 'disk full');
  const index = await currentIndex(db);
  await db
    .updateTable('bot_knowledge')
    .set({ times_applied: 1, times_successful: 1, success_rate: '100' })
    .execute();
  expect(await currentIndex(db)).toBe(index);
  await learn('memory', 'memory low');
  expect(await currentIndex(db)).not.toBe(index);
});

test('matches that come at once share a read, and each sees what was committed when it began', async () => {
  await learn('disk', 'disk full');
  const first = names(finding('memory low'));
  await learn('memory', 'memory low');
  const all = await Promise.all(Array.from({ length: 20 }, () => names(finding('memory low'))));
  expect(all).toEqual(Array.from({ length: 20 }, () => ['memory']));
  await first;
});

test('an entry that is too expensive to run is named, and the others are found', async () => {
  await learn('heavy', `disk${'a{0,1000}'.repeat(50)}`);
  await learn('disk', 'disk full');
  await learn('broken', 'disk (full');
  const { candidates, untried } = await about(finding('disk full'));
  expect(candidates.map(({ name }) => name)).toEqual(['disk']);
  expect(untried).toEqual(['heavy']);
});

test('only the first 16 KiB of a text are matched', async () => {
  await learn('disk', 'disk full');
  expect(await names(finding('slow', `${'x'.repeat(16_300)} disk full`))).toEqual(['disk']);
  expect(await names(finding('slow', `${'x'.repeat(16_384)} disk full`))).toEqual([]);
});
