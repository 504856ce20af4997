/**
 * Makes rolling restarts under load: again and again a new worker is started and one of the three old ones gets SIGTERM.
 * No run may fail, be lost or need a second attempt.
 *
 *   node test/chaos/rolling.ts [--restarts 200] [--backend postgres|redis] [--keep]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Post } from './crew.ts';
import { examine } from './examine.ts';
import { startLoad, unruly } from './load.ts';
import type { Backend } from './plan.ts';
import { waitUntilUp, firstSlotsOf, pauseAll, waitUntilQuiet, openScene } from './scene.ts';

/** The longest that a worker may take to drain, to give back the runs that are left, and to close. */
const stopWithinMs = 25_000;

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '200' },
    backend: { type: 'string', default: 'postgres' },
    keep: { type: 'boolean', default: false },
  },
});
const restarts = Number(values.restarts);
const scene = await openScene({ backend: values.backend as Backend, schedulers: 1, workers: 3 });
const { crew, postgres } = scene;
const wrong: string[] = [];
let kept = true;
try {
  // Bots that end their own processes are paused, because here no run may fail.
  await postgres.ask(`UPDATE bots SET status = 'paused' WHERE name ~ $1`, [unruly.source]);
  await waitUntilUp(scene);
  const first = await firstSlotsOf(scene);
  const load = startLoad(postgres, 1);
  const took: number[] = [];
  const turn: Post[] = crew.posts.filter(({ role }) => role === 'worker');
  for (let n = 0; n < restarts; n += 1) {
    const fresh = await crew.add('worker', `worker-${turn.length + 1}`);
    turn.push(fresh);
    await waitUntilUp(scene);
    const old = turn[n]!;
    const { life } = old;
    old.isKept = false;
    const asked = Date.now();
    crew.end(old, 'SIGTERM', 'rolling restart');
    while (life!.endedAt === null && Date.now() < asked + stopWithinMs) await sleep(20);
    if (life!.endedAt === null) {
      wrong.push(`${old.name} did not stop within ${stopWithinMs} ms`);
      crew.end(old, 'SIGKILL', 'it did not stop');
    } else if (life!.how !== 'exit code 0') wrong.push(`${old.name} ended with ${life!.how}`);
    took.push(Date.now() - asked);
    if ((n + 1) % 20 === 0) console.log(`${n + 1} restarts`);
  }
  const spans = await pauseAll(scene, first);
  await load.stop();
  if (!(await waitUntilQuiet(scene))) wrong.push('it does not become quiet');
  wrong.push(...(await crew.endAll(stopWithinMs)).map(({ name }) => `${name} did not stop`));
  const { statuses, slots, attemptedTwice, violations } = await examine(scene, spans, []);
  const failed = (statuses.failed ?? 0) + (statuses.timeout ?? 0);
  const [given] = await postgres.ask<{ count: number }>(
    `SELECT count(*)::int FROM chaos.written WHERE reason = 'given back' AND status = 'queued'`,
  );
  took.sort((a, b) => a - b);
  const second = (share: number) =>
    `${(took[Math.floor(share * (took.length - 1))]! / 1000).toFixed(1)} s`;
  console.log(
    `restarts           ${restarts}, each ended after: p50 ${second(0.5)}, max ${second(1)}`,
  );
  console.log(`runs               ${JSON.stringify(statuses)}`);
  console.log(`given back         ${given!.count}`);
  console.log(`failed             ${failed}`);
  console.log(
    `lost, doubled      ${slots.lost.length}, ${slots.doubled.length} of ${slots.expected}`,
  );
  console.log(`attempted twice    ${attemptedTwice}`);
  wrong.push(...slots.lost, ...slots.doubled, ...violations);
  for (const line of wrong.slice(0, 20)) console.log(`  ${line}`);
  const good = wrong.length === 0 && failed === 0;
  kept = values.keep || !good;
  process.exitCode = good ? 0 : 1;
} finally {
  await scene.clear(kept);
  if (kept) console.log(`logs: ${scene.directory}`);
}
// Connections that were cut off may keep this process alive, so it ends itself.
process.exit();
