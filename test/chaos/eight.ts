/**
 * Eight schedulers on one database. One of them is stopped for 30 s in the middle of a tick: the harness
 * holds a slot that its claim has to insert, so that it waits inside its transaction with its bots locked,
 * stops the process there, and lets the slot go later. No slot may be lost or doubled.
 *
 *   node test/chaos/eight.ts [--backend postgres|redis] [--times 1] [--keep]
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { examine } from './examine.ts';
import type { Backend } from './plan.ts';
import { everybodyUp, firstSlotsOf, pauseAll, quiet, setScene, type Scene } from './scene.ts';

const stoppedMs = 30_000;
/** Shorter than the lock timeout of a session: its claim goes on while the process is stopped. */
const heldMs = 6_000;
const schedulers = 8;

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'postgres' },
    times: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
  },
});
const scene = await setScene({ backend: values.backend as Backend, schedulers, workers: 2 });
let kept = true;
try {
  await everybodyUp(scene);
  const first = await firstSlotsOf(scene);
  const held: string[] = [];
  for (let n = 0; n < Number(values.times); n += 1) held.push(await stopInTick(scene));
  const until = await pauseAll(scene);
  const wrong = (await quiet(scene)) ? [] : ['it does not become quiet'];
  await scene.crew.dismiss(25_000);
  const spans = first.map((span) => ({ ...span, until }));
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
// What has been cut off or killed may have left something open: nothing waits for it.
process.exit();

/** Returns what was stopped, and how many other claims went on meanwhile. */
async function stopInTick({ postgres, crew }: Scene): Promise<string> {
  const holder = await postgres.connect();
  await holder.query('BEGIN');
  // The slot that comes next, of one bot: whoever claims it has to wait for this transaction.
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
    crew.stop(post);
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
    crew.goOn(post);
    if (meanwhile!.count === 0) throw new Error('nobody claimed anything meanwhile');
    return `${post.name} (${meanwhile!.count} runs claimed by others)`;
  }
}
