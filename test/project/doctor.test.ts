/** What `doctor` says of the code of a project, here and in living processes. */
import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { heartbeat } from '../../src/maintain/heartbeat.ts';
import { examineCode, examineProject, examineRemedies } from '../../src/services/doctor/project.ts';
import { ofOneMoment, readFacts } from '../../src/services/progress/facts.ts';
import { testDatabase } from '../support/database.ts';

const { db } = await testDatabase();
beforeEach(() => sql`TRUNCATE engine.nodes, bot_knowledge CASCADE`.execute(db));

const facts = () => ofOneMoment(db, readFacts);
const node = (id: string, rest: Partial<Parameters<typeof heartbeat>[1]>) =>
  heartbeat(db, { id, role: 'worker', places: 1, ...rest });

test('without a project it says nothing; with one, the file, how many bots there are, and what was left out', async () => {
  expect(await examineProject(async () => null)).toEqual([]);
  const refused = [{ place: 'bots/a.ts:3', why: 'boom', hint: 'correct the file' }];
  expect(
    await examineProject(async () => ({ file: '/p/roundsman.config.ts', bots: [], refused })),
  ).toEqual([
    {
      subject: 'Project',
      status: 'ok',
      detail: '/p/roundsman.config.ts: 0 bots in the catalogue',
      hint: null,
    },
    {
      subject: 'Project',
      status: 'fail',
      detail: 'left out: bots/a.ts:3: boom',
      hint: 'correct the file',
    },
  ]);
});

test('processes that do not know the same bots are named; those of an earlier version are not compared', async () => {
  await node('a', { bots: ['one', 'two'] });
  await node('b', { bots: ['two', 'one'] });
  await node('c', {});
  expect(examineCode(await facts())).toEqual([]);
  await node('d', { bots: ['one'] });
  expect(examineCode(await facts())).toEqual([
    expect.objectContaining({
      subject: 'Code',
      status: 'warn',
      detail: expect.stringMatching(
        /^the processes do not know the same bots: .* 2, .* 2, .* 1$|^the processes do not know the same bots: .* 1, .* 2, .* 2$|2, .* 1, .* 2$/,
      ),
    }),
  ]);
});

test('enabled knowledge that names a remedy which no process has is broken', async () => {
  const entry = (name: string, solution: string, enabled = true) =>
    db
      .insertInto('bot_knowledge')
      .values({ name, category: 'x', issue_pattern: 'abc', solution, enabled, autonomy: 'shadow' })
      .execute();
  await entry('known', 'steps:\n  - remedy: own.wave\n');
  await entry('gone', 'steps:\n  - remedy: own.wave\n  - remedy: "own.gone"\n');
  await entry('off', 'steps:\n  - remedy: own.gone\n', false);
  await entry('prose', 'ask ann about remedy: own.gone');
  expect(examineRemedies(await facts())).toEqual([]);
  await node('a', { bots: [], remedies: ['own.wave'] });
  expect(examineRemedies(await facts())).toEqual([
    {
      subject: 'Knowledge',
      status: 'fail',
      detail: 'gone names the remedy own.gone, which no running process has: it heals nothing',
      hint: expect.stringContaining('npx roundsman knowledge edit gone'),
    },
  ]);
});
