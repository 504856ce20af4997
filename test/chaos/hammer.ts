/**
 * Puts as much load as possible on a running engine, and counts the deadlocks that PostgreSQL has detected: there must be
 * none, and every run that is queued at the end has to end.
 *
 *   node test/chaos/hammer.ts [--minutes 10] [--backend postgres|redis] [--bots 200] [--keep]
 *
 * It runs two schedulers and three workers as real processes. All bots come due every few seconds; people cancel runs,
 * resolve and assign tickets, request undos, edit bots and knowledge, pause, backfill and silence all the time; every few
 * seconds a process gets SIGTERM or SIGKILL. It ends with 1 after a deadlock, after an unexpected error of what a person
 * did, when a process does not stop in time, and when runs are still queued or running at the end.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../../src/database/connect.ts';
import { countDeadlocks, hammer, pauseAll, prepare } from './hammering.ts';
import { unruly } from './load.ts';
import type { Backend } from './plan.ts';
import { waitUntilUp, waitUntilQuiet, openScene } from './scene.ts';

const faultEveryMs = 6_000;
/** A backlog of some thousand runs, many of which heal, takes minutes on two cores. The real duration is printed. */
const drainedWithinMs = 600_000;
const stopWithinMs = 25_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    backend: { type: 'string', default: 'postgres' },
    bots: { type: 'string', default: '200' },
    keep: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const backend = values.backend as Backend;
const load = { bots: Number(values.bots), people: 6, burstEveryMs: 5_000 };
if (!(minutes > 0) || !(load.bots > 0) || !['redis', 'postgres'].includes(backend))
  throw new Error('usage: --minutes M --backend redis|postgres --bots N');

const scene = await openScene({ backend, schedulers: 2, workers: 3 });
const { crew, postgres } = scene;
const db = connect(postgres.url, { name: 'people', max: load.people + 4 });
let kept = true;
try {
  // Bots that end their own processes are left to another proof (chaos.ts).
  await postgres.ask(`UPDATE bots SET status = 'paused' WHERE name ~ $1`, [unruly.source]);
  await waitUntilUp(scene);
  await prepare(db, load);
  const forMs = minutes * 60_000;
  const [{ deeds, failed }, endedProcesses] = await Promise.all([
    hammer(db, load, forMs),
    endProcesses(forMs),
  ]);
  const [waiting] = await postgres.ask<{ count: number }>(
    `SELECT count(*)::int FROM bot_executions WHERE status IN ('queued', 'running')`,
  );
  await waitUntilUp(scene);
  await pauseAll(db);
  const began = Date.now();
  const isQuiet = await waitUntilQuiet(scene, drainedWithinMs);
  const drainedMs = Date.now() - began;
  const late = await crew.endAll(stopWithinMs);
  const deadlockCount = await countDeadlocks(db);
  const [counts] = await postgres.ask<{ runs: number; applied: number; undone: number }>(
    `SELECT count(*)::int AS runs,
            (SELECT count(*)::int FROM bot_actions WHERE applied_at IS NOT NULL) AS applied,
            (SELECT count(*)::int FROM bot_actions WHERE state = 'undone') AS undone FROM bot_executions`,
  );
  console.log(
    `load               ${minutes} minutes on ${backend}: ${deeds} deeds of people, ${endedProcesses} processes ended`,
  );
  console.log(
    `runs               ${counts!.runs}, ${counts!.applied} remedies applied, ${counts!.undone} undone`,
  );
  console.log(
    `backlog at the end ${waiting!.count}, ${isQuiet ? `done after ${(drainedMs / 1000).toFixed(0)} s` : 'not done'}`,
  );
  console.log(`deadlocks          ${deadlockCount}`);
  for (const [message, count] of failed) console.log(`  ${count} times: ${message}`);
  for (const line of deadlockLines()) console.log(`  ${line}`);
  for (const { name } of late) console.log(`  ${name} did not stop`);
  const good = deadlockCount === 0 && isQuiet && failed.size === 0 && late.length === 0;
  kept = values.keep || !good;
  process.exitCode = good ? 0 : 1;
} finally {
  await db.destroy();
  await scene.clear(kept);
  if (kept) console.log(`logs: ${scene.directory}`);
}
// Connections of killed processes may keep this process alive, so it ends itself.
process.exit();

/** Ends one process every few seconds, in turn with SIGTERM and SIGKILL. Returns how many it ended. */
async function endProcesses(forMs: number): Promise<number> {
  const until = Date.now() + forMs;
  let count = 0;
  while (Date.now() + faultEveryMs < until) {
    await sleep(faultEveryMs);
    const post = crew.posts[count % crew.posts.length]!;
    crew.end(post, count % 2 === 0 ? 'SIGTERM' : 'SIGKILL', 'hammer.ts');
    count += 1;
  }
  return count;
}

/** The lines of the server's log about deadlocks: which process waited for which one, with which statement. */
function deadlockLines(): string[] {
  const place = join(scene.directory, 'postgres');
  const logs = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.log'),
  );
  return logs
    .flatMap((name) => readFileSync(join(place, name), 'utf8').split('\n'))
    .filter((line) => /deadlock detected|blocked by process|Process \d+:/.test(line))
    .slice(0, 40);
}
