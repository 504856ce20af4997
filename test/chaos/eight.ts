/**
 * Runs eight schedulers on one database. One of them is stopped for 30 s in the middle of a tick: a transaction of the
 * harness inserts a slot that the scheduler's claim has to insert, too, so the claim waits in its transaction, with its
 * bots locked. The harness stops the process there, and rolls its own transaction back later. No slot may be lost or
 * doubled.
 *
 *   node test/chaos/eight.ts [--backend postgres|redis] [--times 1] [--keep]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { examine } from './examine.ts';
import type { Backend } from './plan.ts';
import {
  waitUntilUp,
  firstSlotsOf,
  pauseAll,
  waitUntilQuiet,
  openScene,
  type Scene,
} from './scene.ts';

const stoppedMs = 30_000;
/** How long the harness keeps the slot. It is shorter than the lock timeout: the claim goes on in the stopped process. */
const heldMs = 6_000;
const schedulers = 8;

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'postgres' },
    times: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const scene = await openScene({ backend: values.backend as Backend, schedulers, workers: 2 });
let kept = true;
try {
  await waitUntilUp(scene);
  const first = await firstSlotsOf(scene);
  const held: string[] = [];
  for (let n = 0; n < Number(values.times); n += 1) held.push(await stopInTick(scene));
  const spans = await pauseAll(scene, first);
  const wrong = (await waitUntilQuiet(scene)) ? [] : ['it does not become quiet'];
  await scene.crew.endAll(25_000);
  const { statuses, slots, violations } = await examine(scene, spans, []);
  wrong.push(...slots.lost, ...slots.doubled, ...violations);
  console.log(`schedulers         ${schedulers}, stopped in a tick: ${held.join(', ')}`);
  console.log(`runs               ${JSON.stringify(statuses)}`);
  console.log(
    `lost, doubled      ${slots.lost.length}, ${slots.doubled.length} of ${slots.expected}`,
  );
  for (const line of wrong.slice(0, 20)) console.log(`  ${line}`);
  kept = values.keep || wrong.length > 0;
  process.exitCode = wrong.length === 0 ? 0 : 1;
} finally {
  await scene.clear(kept);
  if (kept) console.log(`logs: ${scene.directory}`);
}
// Connections that were cut off may keep this process alive, so it ends itself.
process.exit();

/** Stops a scheduler in a tick. Returns its name, and how many runs the others claimed in that time. */
async function stopInTick({ postgres, crew }: Scene): Promise<string> {
  const holder = await postgres.connect();
  await holder.query('BEGIN');
  // The next slot of one bot: the scheduler that claims it has to wait for this transaction.
  await holder.query(
    `INSERT INTO bot_executions (bot_id, status, started_at, completed_at, scheduled_for)
     SELECT id, 'skipped', now(), now(), next_slot_at FROM bots
     WHERE name LIKE 'steady-%' AND next_slot_at > now() + interval '1 second' ORDER BY next_slot_at LIMIT 1`,
  );
  for (;;) {
    const [waiting] = await postgres.ask<{ address: string; pid: number }>(
      `SELECT host(client_addr) AS address, pid FROM pg_stat_activity
       WHERE wait_event_type = 'Lock' AND query LIKE '%engine.claim%' AND state = 'active'
         AND application_name <> 'chaos'`,
    );
    const post = waiting && crew.posts.find(({ from }) => from === waiting.address);
    if (!post) {
      await sleep(20);
      continue;
    }
    crew.suspend(post);
    const stoppedAt = Date.now();
    await sleep(heldMs);
    await holder.query('ROLLBACK');
    await holder.end();
    await sleep(stoppedMs - heldMs);
    const [meanwhile] = await postgres.ask<{ count: number }>(
      `SELECT count(*)::int FROM chaos.written
       WHERE old_status IS NULL AND writer <> $1 AND at > to_timestamp($2 / 1000.0)`,
      [post.from, stoppedAt],
    );
    crew.resume(post);
    if (meanwhile!.count === 0) throw new Error('no other scheduler claimed a run in that time');
    return `${post.name} (${meanwhile!.count} runs claimed by others)`;
  }
}
