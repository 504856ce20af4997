/** Bot files that were changed are picked up by restarting workers one after the other: no run fails, and none is doubled. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import type { Db } from '../../src/database/connect.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { testDatabaseWithQueue } from '../support/database.ts';
import { aProject, botFile, writeFiles } from '../support/project.ts';

const program = fileURLToPath(new URL('../../src/bin/roundsman.js', import.meta.url));
const settled = { timeout: 120_000, interval: 100 };

interface Started {
  child: ChildProcess;
  /** the sentences of its log so far */
  said(): string[];
  ended: Promise<number | null>;
}

function start(project: string, url: string, role: 'worker' | 'scheduler'): Started {
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [program, role], {
    cwd: project,
    env: { PATH, HOME, DATABASE_URL: url, ROUNDSMAN_CONCURRENCY: '2' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const said = () =>
    out
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { child, said, ended };
}

const running = ({ said }: Started) => expect.poll(said, settled).toContain('started');

/** A check that takes a while and says which version of its file it is. */
const steady = (version: string) =>
  botFile(
    'steady',
    `await new Promise((resolve) => setTimeout(resolve, 300));
  return { examined: ['x'], findings: [], figures: [{ name: '${version}', value: 1 }] };`,
  );

async function queue(db: Db, name: string, count: number): Promise<string[]> {
  const { id } = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) ids.push((await queueManualRun(db, id)).id);
  return ids;
}

const rows = (db: Db, ids: string[]) =>
  db
    .selectFrom('bot_executions')
    .select(['status', 'attempt', 'metadata'])
    .where('id', 'in', ids)
    .execute();

const open = async (db: Db) =>
  (
    await db
      .selectFrom('bot_executions')
      .select('id')
      .where('status', 'in', ['queued', 'running'])
      .execute()
  ).length;

test(
  'two workers are restarted one after the other while runs go on, with a changed and a new bot',
  { timeout: 480_000 },
  async () => {
    const { db, url } = await testDatabaseWithQueue();
    const project = aProject({ 'bots/steady.ts': steady('old') });
    const scheduler = start(project, url, 'scheduler');
    const [first, second] = [start(project, url, 'worker'), start(project, url, 'worker')];
    for (const each of [scheduler, first, second]) await running(each);
    await db
      .updateTable('bots')
      .set({ concurrency: 4, max_attempts: 1 })
      .where('name', '=', 'steady')
      .execute();
    const before = await queue(db, 'steady', 12);

    // One file is changed, and one is new; the first worker is restarted with runs under way.
    writeFiles(project, { 'bots/steady.ts': steady('new'), 'bots/fresh.ts': botFile('fresh') });
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
    const renewed = start(project, url, 'worker');
    await running(renewed);

    // While only the renewed worker knows the new bot and does not answer for a moment, the old one takes its run, and gives it on.
    renewed.child.kill('SIGSTOP');
    const fresh = await queue(db, 'fresh', 1);
    await expect
      .poll(second.said, { ...settled, interval: 20 })
      .toContain('run was given to a worker with other code');
    renewed.child.kill('SIGCONT');
    const during = await queue(db, 'steady', 8);
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(0);
    const last = start(project, url, 'worker');
    await running(last);
    const after = await queue(db, 'steady', 4);
    await expect.poll(() => open(db), settled).toBe(0);

    const all = [...before, ...fresh, ...during, ...after];
    const found = await rows(db, all);
    expect(found.map(({ status, attempt }) => ({ status, attempt }))).toEqual(
      all.map(() => ({ status: 'success', attempt: 1 })),
    );
    const { count } = await db
      .selectFrom('bot_executions')
      .select((eb) => eb.fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow();
    expect(Number(count)).toBe(all.length);
    for (const { metadata } of await rows(db, after))
      expect(JSON.stringify(metadata)).toContain('"new"');
    const bots = await db.selectFrom('bots').select(['name', 'status']).orderBy('name').execute();
    expect(bots).toEqual([
      { name: 'fresh', status: 'active' },
      { name: 'steady', status: 'active' },
    ]);
  },
);

test(
  'a bot whose file is taken away is left off at the next start, and runs again when the file is back',
  { timeout: 240_000 },
  async () => {
    const { db, url } = await testDatabaseWithQueue();
    const project = aProject({
      'bots/steady.ts': steady('old'),
      'bots/fresh.ts': botFile('fresh'),
    });
    const stop = async (each: Started) => {
      each.child.kill('SIGTERM');
      expect(await each.ended).toBe(0);
    };
    const first = start(project, url, 'worker');
    await running(first);
    await stop(first);
    writeFiles(project, { 'bots/fresh.ts': 'export default {{\n' });
    const second = start(project, url, 'worker');
    await running(second);
    expect(second.said()).toEqual(
      expect.arrayContaining([
        'the project was read',
        'code of the project was left out',
        'bots are disabled until their code is back',
      ]),
    );
    const status = async () =>
      (
        await db
          .selectFrom('bots')
          .select('status')
          .where('name', '=', 'fresh')
          .executeTakeFirstOrThrow()
      ).status;
    expect(await status()).toBe('disabled');
    await stop(second);
    writeFiles(project, { 'bots/fresh.ts': botFile('fresh') });
    await running(start(project, url, 'worker'));
    expect(await status()).toBe('active');
  },
);
