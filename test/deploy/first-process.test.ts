/** The image's own tree, built by the steps of the Dockerfile, with its first process in namespaces of its own. */
import { chmodSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { drainGraceMs } from '../../src/bin/engine.ts';
import type { Db } from '../../src/database/connect.ts';
import { freePort } from '../../src/database/embedded/server.ts';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import { testDatabase, testDatabaseWithQueue } from '../support/database.ts';
import { childrenOf } from '../support/installation.ts';
import { aProject, botFile } from '../support/project.ts';
import { startContainer, type Container } from './container.ts';
import { buildImage, whyNoTree, type Image } from './image.ts';

const why = whyNoTree();
if (why !== null) console.warn(`NOT RUN: the tree of the image: ${why.trim()}`);

let image: Image;
let remove: () => void = () => {};
const redis = inject('redisUrl');
const settled = { timeout: 120_000, interval: 200 };
/** What compose.yaml and the manifests give a container at least (files.test.ts). */
const graceMs = drainGraceMs + 15_000;

beforeAll(async () => {
  if (why === null)
    ({ image, remove } = await buildImage(fileURLToPath(new URL('../../', import.meta.url))));
}, 900_000);
afterAll(() => remove());

const healthOf = (container: Container, environment = {}) =>
  container.exec(image.healthcheck, environment);

/** Until its own health check says that it is well. */
async function isWell(container: Container): Promise<void> {
  let hasEnded = false;
  void container.ended.then(() => (hasEnded = true));
  await expect
    .poll(async () => {
      if (hasEnded) return 'ended';
      const { code, out, err } = await healthOf(container);
      return code === 0 ? 'well' : out + err;
    }, settled)
    .toMatch(/^(well|ended)$/);
  expect(hasEnded, container.heard.out + container.heard.err).toBe(false);
}

const zombiesIn = (container: Container) =>
  container.processes().filter(({ state }) => state === 'Z');

/** Has a process in the container end whose parent has ended before it: the first process has to collect it. */
async function leaveOrphan(container: Container): Promise<void> {
  const { out } = await container.exec(['sh', '-c', 'sleep 0.2 & echo $!']);
  expect(Number(out)).toBeGreaterThan(1);
}

/** Until this signal has ended it: the code, and whether that was within the grace of a container. */
async function endedBy(container: Container, signal: NodeJS.Signals) {
  const began = performance.now();
  container.signal(signal);
  const code = await container.ended;
  return { code, inTime: performance.now() - began < graceMs };
}

const statusOf = (pid: number): Record<string, string> =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/status`, 'utf8')
      .split('\n')
      .map((line) => line.split(':\t') as [string, string]),
  );

const settings = async (): Promise<{ db: Db; environment: NodeJS.ProcessEnv }> => {
  const { db, url } = await (redis ? testDatabase() : testDatabaseWithQueue());
  const port = String(await freePort(0));
  return {
    db,
    environment: {
      DATABASE_URL: url,
      ...(redis && { REDIS_URL: redis }),
      ROUNDSMAN_WEB_PORT: port,
    },
  };
};

describe.skipIf(why !== null)('as the first process of a container', () => {
  test.each([
    { role: 'scheduler', signal: 'SIGTERM' },
    { role: 'worker', signal: 'SIGTERM' },
    { role: 'web', signal: 'SIGTERM' },
    { role: 'up', signal: 'SIGTERM' },
    { role: 'up', signal: 'SIGINT' },
  ] as const)(
    '$role has no rights, is well by its health check, collects orphans, and ends in order on $signal',
    async ({ role, signal }) => {
      const { environment } = await settings();
      const args = role === image.cmd[0] ? {} : { args: [role] };
      const container = await startContainer(image, { environment, ...args });
      await isWell(container);
      const status = statusOf(container.pid);
      expect(status.Name).toBe('tini');
      expect(status.NSpid!.split('\t').at(-1)).toBe('1');
      expect(status.Uid).toBe('10001\t10001\t10001\t10001');
      expect([status.CapEff, status.CapBnd].map((set) => Number.parseInt(set!, 16))).toEqual([
        0, 0,
      ]);
      expect(status.NoNewPrivs).toBe('1');
      const written = await container.exec([
        'sh',
        '-c',
        'echo a > /app/a; echo b > /etc/b; echo c > /tmp/c && cat /tmp/c',
      ]);
      expect(written.out).toBe('c\n');
      expect(written.err.match(/Read-only file system/g)).toHaveLength(2);
      await leaveOrphan(container);
      await expect
        .poll(() => container.processes().map(({ command }) => command), settled)
        .not.toContain('sleep');
      expect(zombiesIn(container)).toEqual([]);
      expect((await healthOf(container)).out).toMatch(new RegExp(`^Well: ${role} \\d+ is alive`));
      expect(await endedBy(container, signal)).toEqual({ code: 0, inTime: true });
    },
    400_000,
  );

  test('a run under way ends within the grace, and a child that is killed is collected', async () => {
    const project = aProject({
      'bots/slow.ts': botFile(
        'slow',
        'await new Promise((resolve) => setTimeout(resolve, 5_000)); return { examined: [], findings: [] };',
      ),
    });
    chmodSync(project, 0o755);
    const { db, environment } = await settings();
    const container = await startContainer(image, {
      args: ['worker'],
      volume: project,
      environment: { ...environment, ROUNDSMAN_CONFIG: '/mnt/roundsman.config.ts' },
    });
    await isWell(container);
    const nodes = () =>
      container.processes().filter(({ command }) => /node|MainThread/.test(command));
    const bot = await db
      .selectFrom('bots')
      .select('id')
      .where('name', '=', 'slow')
      .executeTakeFirstOrThrow();
    const statusOfRun = async (id: string) =>
      (
        await db
          .selectFrom('bot_executions')
          .select('status')
          .where('id', '=', id)
          .executeTakeFirst()
      )?.status;
    const lost = await queueManualRun(db, bot.id);
    await expect.poll(() => statusOfRun(lost.id), settled).toBe('running');
    const worker = nodes().find(({ pid }) => childrenOf(container.pid).includes(pid))!;
    const children = childrenOf(worker.pid);
    expect(children.length).toBeGreaterThan(0);
    for (const pid of children) process.kill(pid, 'SIGKILL');
    await expect
      .poll(
        () => children.filter((pid) => container.processes().some((each) => each.pid === pid)),
        settled,
      )
      .toEqual([]);
    // The attempt is lost with its child, and the next one goes through.
    await expect.poll(() => statusOfRun(lost.id), { ...settled, timeout: 60_000 }).toBe('success');
    const { id } = await queueManualRun(db, bot.id);
    await expect.poll(() => statusOfRun(id), settled).toBe('running');
    expect(await endedBy(container, 'SIGTERM')).toEqual({ code: 0, inTime: true });
    expect(await statusOfRun(id)).toBe('success');
  }, 400_000);

  test('the health check fails while the process is silent, and not because the database is away', async () => {
    const { environment } = await settings();
    const container = await startContainer(image, { args: ['scheduler'], environment });
    await isWell(container);
    const away = await healthOf(container, { DATABASE_URL: 'postgres://x:y@127.0.0.1:1/z' });
    expect(away).toMatchObject({ code: 0, out: expect.stringContaining('does not answer') });
    const [node] = childrenOf(container.pid);
    process.kill(node!, 'SIGSTOP');
    await expect
      .poll(async () => (await healthOf(container)).code, { timeout: 120_000, interval: 1_000 })
      .toBe(1);
    expect((await healthOf(container)).out).toMatch(/^Not well: scheduler \d+ is silent/);
    process.kill(node!, 'SIGCONT');
    await isWell(container);
    expect(await endedBy(container, 'SIGTERM')).toEqual({ code: 0, inTime: true });
  }, 400_000);

  test('without its init a container would keep zombies: this sees them', async () => {
    const { environment } = await settings();
    const container = await startContainer(image, {
      args: ['scheduler'],
      environment,
      entrypoint: image.entrypoint.slice(image.entrypoint.indexOf('--') + 1),
    });
    await isWell(container);
    await leaveOrphan(container);
    await expect
      .poll(() => zombiesIn(container).map(({ command }) => command), settled)
      .toEqual(['sleep']);
  }, 400_000);
});
