/** What rows of error_logs may hold that no program should write, and what else would stop the counting or miss an error. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { Assigner } from '../../src/error-groups/batch/assign.ts';
import { readCursor } from '../../src/error-groups/rows/cursor.ts';
import { readErrors } from '../../src/error-groups/rows/read-errors.ts';
import { splitGroup } from '../../src/services/error-groups/split.ts';
import { ada, addErrors, all, countedErrors, flow } from './grouping-flow.ts';

test('errors of every time that the database can hold are counted', async () => {
  const { db, untilCounted } = await flow();
  const times = ['-infinity', 'infinity', '4000-01-01 BC', '0001-01-01', '294000-01-01', null];
  for (const time of times)
    await sql`INSERT INTO error_logs (error_type, error_message, created_at)
              VALUES (${String(time)}, 'It failed', ${time}::timestamptz)`.execute(db);
  await untilCounted(times.length);
});

test('a character that is cut in two by the length of a frame stops nothing', async () => {
  const { db, untilCounted } = await flow();
  const stack = (before: number) =>
    `Traceback\n  File "/srv/app/${'a'.repeat(40)}.py", line 1, in ${'f'.repeat(before)}${'😀'.repeat(60)}`;
  await addErrors(
    db,
    [0, 1, 117, 118, 119, 120].flatMap((before) => [
      { stack_trace: stack(before) },
      {
        stack_trace: `    at ${'g'.repeat(before)}${'😀'.repeat(50)} (/srv/${'😀'.repeat(60)}/a.ts:1:1)`,
      },
    ]),
  );
  await untilCounted(12);
});

test('what was split off can be split again by another text', async () => {
  const { db, untilCounted } = await flow();
  const message = 'Upload failed: disk full on the archive volume';
  await addErrors(db, [{ error_message: message }]);
  await untilCounted(1);
  const [upload] = await all(db);
  const split = async (group: string, text: string) =>
    (await splitGroup({ db, actor: ada }, { group, part: { text } })).opened.id;
  const disk = await split(upload!.id, 'disk full');
  const archive = await split(disk, 'archive');
  await addErrors(db, [
    { error_message: message },
    { error_message: 'Upload failed: disk full on the other volume' },
  ]);
  await untilCounted(3);
  const errors = new Map((await all(db)).map((group) => [group.id, group.errors]));
  expect([errors.get(disk), errors.get(archive)]).toEqual(['0', '1']);
});

test('after a restore the ids of the other server are no cursor, even when this server has given as many by then', async () => {
  const { db, untilCounted } = await flow();
  await addErrors(db, [{}, {}]);
  await untilCounted(2);
  // As if the rows and the cursor came from another server, which was a little ahead.
  await sql`UPDATE engine.error_cursor SET xact_id = (xact_id::text::bigint + 50)::text::xid8,
            system_identifier = CASE WHEN system_identifier IS NOT NULL THEN '1' END`.execute(db);
  await addErrors(db, [{}, {}]);
  for (let n = 0; n < 100; n += 1) await sql`SELECT pg_current_xact_id()`.execute(db);
  await untilCounted(4);
});

test('a row that names a transaction of the future is counted, and the cursor stays where it is', async () => {
  const { db, group, untilCounted } = await flow();
  await addErrors(db, [{}, {}]);
  await untilCounted(2);
  const before = await sql<{ xact_id: string }>`SELECT xact_id FROM engine.error_cursor`.execute(
    db,
  );
  await sql`INSERT INTO error_logs (error_type, error_message, xact_id) VALUES ('future', 'It failed', '18446744073709551615')`.execute(
    db,
  );
  const row = await group();
  expect(row.status).toBe('success');
  const after = await sql<{ xact_id: string }>`SELECT xact_id FROM engine.error_cursor`.execute(db);
  expect(BigInt(after.rows[0]!.xact_id)).toBeGreaterThanOrEqual(BigInt(before.rows[0]!.xact_id));
  await untilCounted(3);
  expect(await countedErrors(db)).toBe(3);
});

test('of a long release or fingerprint only the beginning is read', async () => {
  const { db, untilCounted } = await flow();
  const long = 'x'.repeat(100_000);
  await addErrors(
    db,
    [
      { fingerprint: `a${long}`, release: long },
      { fingerprint: Array.from({ length: 1_000 }, () => long.slice(0, 1_000)) },
      { fingerprint: ['a', 7] },
      { fingerprint: [] },
      { fingerprint: [['a']] },
    ].map((context) => ({ context })),
  );
  const { errors } = await readErrors(db, await readCursor(db), 10);
  for (const error of errors) expect(JSON.stringify(error).length).toBeLessThan(40_000);
  await untilCounted(5);
  expect((await all(db)).map(({ kind, errors: count }) => `${kind} ${count}`).toSorted()).toEqual([
    'fingerprint 1',
    'fingerprint 1',
    'mined 3',
  ]);
});

test('a type that differs each time does not make fingerprints without end', () => {
  const assigner = new Assigner([], '1');
  for (let n = 0; n < 45_000; n += 1)
    assigner.assign({ error_type: `type ${n}`, error_message: 'It failed', fingerprint: `f${n}` });
  // 20,000 fingerprints, 20,000 templates of messages, and the flood of all types.
  expect(assigner.changes().opened).toHaveLength(40_001);
});
