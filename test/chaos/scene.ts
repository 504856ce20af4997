/** Starts the servers, a copy of the engine and its processes, for every proof of this folder, and ends them. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { installAudit } from './audit.ts';
import { copyCheckout, plantDefect, type Defect } from './checkout.ts';
import { startCrew, type Crew } from './crew.ts';
import { jitterSeconds, plantBots } from './load.ts';
import type { Backend } from './plan.ts';
import { startPostgresServer, type PostgresServer } from './postgres-server.ts';
import { startRedisServer, type RedisServer } from './redis-server.ts';
import { firstSlots, type FirstSlot, type Span } from './slots.ts';

export interface Scene {
  directory: string;
  crew: Crew;
  postgres: PostgresServer;
  redis: RedisServer | null;
  /** Ends the processes and servers, and removes the directory unless `keep`. */
  clear(keep: boolean): Promise<void>;
}

export interface SceneOptions {
  backend: Backend;
  schedulers: number;
  workers: number;
  plant?: Defect | null;
}

/** How many runs one worker executes at once. */
const concurrency = 4;
const readyWithinMs = 120_000;

export async function openScene({
  backend,
  schedulers,
  workers,
  ...options
}: SceneOptions): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'roundsman-chaos-'));
  // PostgreSQL may run as another account, which has to pass through this directory.
  chmodSync(directory, 0o755);
  const checkout = join(directory, 'checkout');
  copyCheckout(checkout);
  if (options.plant) plantDefect(checkout, options.plant);
  const postgres = await startPostgresServer(join(directory, 'postgres'));
  const redis = backend === 'redis' ? await startRedisServer(join(directory, 'redis')) : null;
  execFileSync(process.execPath, ['src/bin/roundsman.js', 'db', 'migrate'], {
    cwd: checkout,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, DATABASE_URL: postgres.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await installAudit(postgres);
  await plantBots(postgres);
  const crew = startCrew({
    checkout,
    logs: join(directory, 'logs'),
    databaseUrl: postgres.url,
    postgresPort: postgres.port,
    redisPort: redis?.port ?? null,
    concurrency,
  });
  for (let n = 1; n <= schedulers; n += 1) await crew.add('scheduler', `scheduler-${n}`);
  for (let n = 1; n <= workers; n += 1) await crew.add('worker', `worker-${n}`);

  return {
    directory,
    crew,
    postgres,
    redis,
    async clear(keep) {
      await crew.endAll(1_000);
      await postgres.stop();
      await redis?.stop();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Waits until every post that is kept has a process that has started. */
export async function waitUntilUp({ crew }: Scene): Promise<void> {
  const down = () => crew.posts.filter(({ isKept: kept, life }) => kept && !life?.readyAt);
  for (const deadline = Date.now() + readyWithinMs; down().length > 0; await sleep(50))
    if (Date.now() > deadline)
      throw new Error(
        `not up: ${down()
          .map(
            ({ name }) =>
              `${name}: ${crew.lives.findLast(({ post }) => post.name === name)?.lastOutput}`,
          )
          .join('\n')}`,
      );
}

/** Waits until every bot has its first slot, which is the first minute after the one in which it was added. */
export async function firstSlotsOf({ postgres }: Scene): Promise<FirstSlot[]> {
  for (const deadline = Date.now() + readyWithinMs; ; await sleep(200)) {
    const slots = await firstSlots(postgres);
    if (slots.every(({ open }) => open === 0)) return slots;
    if (Date.now() > deadline) throw new Error('bots were not planned');
  }
}

/** The longest time that schedulers may take, after the last fault, to claim every slot that is due. */
const claimedWithinMs = 20_000;

/**
 * Pauses all bots when no slot is overdue. Returns the spans in which every slot is owed: up to the pause, but without a slot
 * of this minute that the jitter of its bot had still put off.
 */
export async function pauseAll({ postgres }: Scene, first: FirstSlot[]): Promise<Span[]> {
  const deadline = Date.now() + claimedWithinMs;
  // Not at the end of a minute: the pause may have to wait for a claim, and then claims of the next minute come before it.
  const isLateInMinute = () => Date.now() % 60_000 >= 57_000;
  for (; Date.now() < deadline || isLateInMinute(); await sleep(100)) {
    if (isLateInMinute()) continue;
    const [late] = await postgres.ask<{ count: number }>(
      `SELECT count(*)::int FROM bots
       WHERE status = 'active' AND next_execution_at < engine.now() - interval '2 seconds'`,
    );
    if (late!.count === 0) break;
  }
  const putOff = await postgres.ask<{ bot: string; slot: number }>(
    `WITH paused AS (
       UPDATE bots SET status = 'paused' WHERE status = 'active'
       RETURNING id, old.next_slot_at AS slot, old.next_execution_at AS due, engine.now() AS now)
     SELECT id AS bot, extract(epoch FROM slot)::float8 * 1000 AS slot FROM paused
     WHERE slot <= now AND due > now AND due <= slot + make_interval(secs => $1)`,
    [jitterSeconds],
  );
  const slotOf = new Map(putOff.map(({ bot, slot }) => [bot, slot]));
  const now = Date.now();
  return first.map((span) => ({ ...span, until: (slotOf.get(span.bot) ?? now + 1) - 1 }));
}

/** Waits until no run is queued or running, not even a retry that waits for its time. False when some stay. */
export async function waitUntilQuiet({ postgres }: Scene, patienceMs = 60_000): Promise<boolean> {
  for (let deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(250)) {
    const [open] = await postgres.ask<{ open: number; wait: number }>(
      `SELECT count(*)::int AS open, coalesce(extract(epoch FROM max(run_after) - now()), 0)::float8 AS wait
       FROM bot_executions WHERE status IN ('queued', 'running')`,
    );
    if (open!.open === 0) return true;
    deadline = Math.max(
      deadline,
      Date.now() + Math.min(120, open!.wait) * 1000 + 20_000 * Number(open!.wait > 0),
    );
  }
  return false;
}
