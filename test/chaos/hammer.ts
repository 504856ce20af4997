/**
 * Hammers a running engine and asks PostgreSQL how often transactions have waited in a circle: the answer is to be
 * never, and what waits at the end has to be done.
 *
 *   node test/chaos/hammer.ts [--minutes 10] [--backend postgres|redis] [--bots 200] [--keep]
 *
 * Two schedulers and three workers as real processes. All bots come due every few seconds; people cancel runs, resolve
 * and assign tickets, ask for undos, edit bots and knowledge, pause, backfill and silence all the time; every few
 * seconds a process is asked to drain, or killed. Ends with 1 on a deadlock, on what a person should not have met, and
 * when it does not become quiet.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../../src/database/connect.ts';
import { deadlocks, hammer, pauseAll, prepare } from './hammering.ts';
import { unruly } from './load.ts';
import type { Backend } from './plan.ts';
import { everybodyUp, quiet, setScene } from './scene.ts';

const faultEveryMs = 6_000;
/** A backlog of some thousand runs, many of which heal, takes minutes on two cores. How long it took is said. */
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
const hammering = { bots: Number(values.bots), people: 6, burstEveryMs: 5_000 };
if (!(minutes > 0) || !(hammering.bots > 0) || !['redis', 'postgres'].includes(backend))
  throw new Error('usage: --minutes M --backend redis|postgres --bots N');

const scene = await setScene({ backend, schedulers: 2, workers: 3 });
const { crew, postgres } = scene;
const db = connect(postgres.url, { name: 'people', max: hammering.people + 4 });
let kept = true;
try {
  // Those that end their own processes are another proof's.
  await postgres.ask(`UPDATE bots SET status = 'paused' WHERE name ~ $1`, [unruly.source]);
  await everybodyUp(scene);
  await prepare(db, hammering);
  const forMs = minutes * 60_000;
  const [{ deeds, failed }, ends] = await Promise.all([
    hammer(db, hammering, forMs),
    endProcesses(forMs),
  ]);
  const [waiting] = await postgres.ask<{ count: number }>(
    `SELECT count(*)::int FROM bot_executions WHERE status IN ('queued', 'running')`,
  );
  await everybodyUp(scene);
  await pauseAll(db);
  const began = Date.now();
  const isQuiet = await quiet(scene, drainedWithinMs);
  const drainedMs = Date.now() - began;
  const late = await crew.dismiss(stopWithinMs);
  const circles = await deadlocks(db);
  const [runs] = await postgres.ask<{
    runs: number;
    needless: number;
    actions: number;
    undone: number;
  }>(
    `SELECT count(*)::int AS runs, (SELECT count(*)::int FROM bot_actions) AS actions,
            (SELECT count(*)::int FROM bot_actions WHERE state = 'undone') AS undone FROM bot_executions`,
  );
  console.log(
    `hammered           ${minutes} minutes on ${backend}: ${deeds} deeds of people, ${ends} processes ended`,
  );
  console.log(
    `runs               ${runs!.runs}, ${runs!.actions} cures applied, ${runs!.undone} taken back`,
  );
  console.log(
    `backlog at the end ${waiting!.count}, ${isQuiet ? `done after ${(drainedMs / 1000).toFixed(0)} s` : 'not done'}`,
  );
  console.log(`deadlocks          ${circles}`);
  for (const [message, count] of failed) console.log(`  ${count} times: ${message}`);
  for (const line of detected()) console.log(`  ${line}`);
  for (const { name } of late) console.log(`  ${name} did not stop`);
  const good = circles === 0 && isQuiet && failed.size === 0 && late.length === 0;
  kept = values.keep || !good;
  process.exitCode = good ? 0 : 1;
} finally {
  await db.destroy();
  await scene.clear(kept);
  if (kept) console.log(`logs: ${scene.directory}`);
}
// What has been killed may have left something open: nothing waits for it.
process.exit();

/** Drains and kills in turn, one process each time. Returns how many. */
async function endProcesses(forMs: number): Promise<number> {
  const until = Date.now() + forMs;
  let ends = 0;
  while (Date.now() + faultEveryMs < until) {
    await sleep(faultEveryMs);
    const post = crew.posts[ends % crew.posts.length]!;
    crew.end(post, ends % 2 === 0 ? 'SIGTERM' : 'SIGKILL', 'hammering');
    ends += 1;
  }
  return ends;
}

/** What the server says about each circle: who waited for whom, with which statement. */
function detected(): string[] {
  const place = join(scene.directory, 'postgres');
  const logs = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.log'),
  );
  return logs
    .flatMap((name) => readFileSync(join(place, name), 'utf8').split('\n'))
    .filter((line) => /deadlock detected|blocked by process|Process \d+:/.test(line))
    .slice(0, 40);
}
