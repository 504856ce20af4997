/** The Dockerfile's steps, followed, and its entry point as process 1: it drains, collects zombies, and is asked for its health. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { migrateQueue } from '../../src/queue/backend.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { insertBot } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';
import { childrenOf } from '../support/installation.ts';
import { imageScript, whyNoImage } from './image.ts';
import { readDockerfile } from './dockerfile.ts';

const root = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '');
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const settled = { timeout: 400_000, interval: 100 };
if (whyNoImage !== null) console.warn(`NOT RUN: the tree of the image (${whyNoImage.trim()})`);

/** The image with bots of the tests in it. */
const withSlowBots = `
mkdir -p "$root/app/test/bin"
cp ${root}/test/bin/slow-bots.ts "$root/app/test/bin/"
echo "export * from '../test/bin/slow-bots.ts';" > "$root/app/bots/index.ts"
`;

const stateOf = (pid: number): string => {
  try {
    return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1]!;
  } catch {
    return 'gone';
  }
};
const titleOf = (pid: number): string =>
  readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();

test.skipIf(whyNoImage !== null)(
  'built by its steps, a worker answers its health check, leaves no zombie, lets its runs end on SIGTERM, and ends with 0',
  async () => {
    const { db, url } = await testDatabase();
    await migrateQueue(url);
    const environment = { DATABASE_URL: url, ROUNDSMAN_CONCURRENCY: '2' };
    const folder = mkdtempSync(join(tmpdir(), 'roundsman-image-'));
    onTestFinished(() => rmdirSync(folder));
    const script = imageScript({
      dockerfile,
      context: root,
      command: ['worker'],
      environment,
      afterwards: withSlowBots,
    });
    const child = spawn(
      'unshare',
      ['--mount', '--propagation', 'private', 'bash', '-c', script, 'image', folder],
      {
        env: { ...process.env, NODE: process.execPath },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const ended = once(child, 'close');
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const heard = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.err += text));
    await expect
      .poll(
        () => (child.exitCode === null ? heard.out : `ended: ${heard.err.slice(-3_000)}`),
        settled,
      )
      .toMatch(/"msg":"started"|^ended/);
    expect(child.exitCode, heard.err.slice(-3_000)).toBeNull();
    expect(heard.out).not.toContain('process 1 is node');

    // bash has become unshare, whose child is process 1 of the namespace.
    const [init] = childrenOf(child.pid!);
    expect(titleOf(init!)).toMatch(
      /^\/usr\/bin\/tini -- node \/app\/src\/bin\/roundsman\.js worker$/,
    );
    const status = readFileSync(`/proc/${init!}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\s+10001\s+10001\s/m);
    expect(status).toMatch(/^NSpid:\s+\d+\s+1$/m);
    const inside = (...command: string[]) =>
      spawnSync(
        'nsenter',
        [
          '-t',
          String(init),
          '-m',
          '-p',
          '-r',
          '-S',
          '10001',
          '-G',
          '10001',
          '/usr/bin/env',
          '-i',
          'PATH=/usr/local/bin:/usr/bin:/bin',
          `DATABASE_URL=${url}`,
          'ROUNDSMAN_HOME=/var/lib/roundsman',
          ...command,
        ],
        { encoding: 'utf8' },
      );

    const check = JSON.parse(
      /CMD (\[.*\])$/.exec(
        readDockerfile(dockerfile).find(({ instruction }) => instruction === 'HEALTHCHECK')!.rest,
      )![1]!,
    ) as string[];
    const health = inside(...check);
    expect({ code: health.status, out: health.stdout + health.stderr }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Well: worker \d+ is alive/),
    });
    expect(inside(...check.slice(0, 3), 'scheduler').status).toBe(1);
    expect(inside('sh', '-c', 'echo x > /app/x').stderr).toMatch(
      /Read-only file system|Permission denied/,
    );

    // A process whose parent ends becomes a child of process 1, which has to collect it.
    const orphan = Number(inside('sh', '-c', 'sleep 1 > /dev/null 2>&1 & exit 0').status);
    expect(orphan).toBe(0);
    const sleeping = () =>
      childrenOf(init!).filter((pid) => stateOf(pid) !== 'gone' && /^sleep|^$/.test(titleOf(pid)));
    await expect.poll(() => sleeping().map(stateOf), settled).toEqual([]);
    expect(childrenOf(init!).map(stateOf)).not.toContain('Z');

    const bot = await insertBot(db, 'two-seconds', { api_endpoint: '/api/bots/two-seconds' });
    const { id } = await queueManualRun(db, bot);
    const run = () =>
      db.selectFrom('bot_executions').select('status').where('id', '=', id).executeTakeFirst();
    await expect
      .poll(run, settled)
      .toMatchObject({ status: expect.stringMatching(/running|success/) });
    process.kill(init!, 'SIGTERM');
    const [code] = (await ended) as [number | null];
    expect(code, heard.err.slice(-2_000)).toBe(0);
    expect(heard.out).toContain('"msg":"stopped"');
    expect(await run()).toEqual({ status: 'success' });
    expect(await db.selectFrom('engine.nodes').select('id').execute()).toEqual([]);
  },
  900_000,
);
