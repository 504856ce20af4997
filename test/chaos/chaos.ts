/**
 * Breaks a running engine in every way that it has to survive, and then finds out from the database whether it did.
 *
 *   npm run chaos -- --minutes 1 --seed 1 --backend redis|postgres [--plant slot|fence|rescue]
 *                    [--replay fault-log] [--keep]
 *
 * It uses real processes, a PostgreSQL with fsync, and a redis-server of its own. It ends with 1 after any violation of
 * the protocol, with fewer than 30 faults per minute, or when a kind of fault did not happen. The plan of faults follows
 * from seed, minutes and backend. The fault log has these three, and every fault with the post that it hit.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defects, type Defect } from './checkout.ts';
import { requireFaketime } from './clock-off.ts';
import { makeFaults } from './make-faults.ts';
import { examine, keepEvidence } from './examine.ts';
import { startLoad } from './load.ts';
import { originIn, planIn, planOf, type Backend, type Origin } from './plan.ts';
import { report } from './report.ts';
import { waitUntilUp, firstSlotsOf, pauseAll, waitUntilQuiet, openScene } from './scene.ts';

/** After SIGTERM a process waits 10 s for its runs, gives back the others, and closes everything. */
const stopWithinMs = 25_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    backend: { type: 'string', default: 'postgres' },
    plant: { type: 'string' },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const { minutes, seed, backend }: Origin = values.replay
  ? originIn(values.replay)
  : {
      minutes: Number(values.minutes),
      seed: Number(values.seed),
      backend: values.backend as Backend,
    };
const defect = (values.plant ?? null) as Defect | null;
if (!(minutes > 0) || !Number.isInteger(seed) || !['redis', 'postgres'].includes(backend))
  throw new Error('usage: --minutes M --seed S --backend redis|postgres');
if (defect && !defects.includes(defect)) throw new Error(`--plant is one of ${defects.join(', ')}`);

const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);
requireFaketime();
const plan = values.replay ? planIn(values.replay) : planOf(seed, minutes, backend);
const scene = await openScene({ backend, schedulers: 2, workers: 4, plant: defect });
const log = join(scene.directory, 'faults.jsonl');
const beside = `${scene.directory}.faults.jsonl`;
let kept = true;
try {
  writeFileSync(log, `${JSON.stringify({ seed, minutes, backend } satisfies Origin)}\n`);
  say(
    `${backend}, seed ${seed}, ${plan.length} faults planned; everything is in ${scene.directory}`,
  );
  await waitUntilUp(scene);
  const first = await firstSlotsOf(scene);
  const load = startLoad(scene.postgres, seed);
  const began = Date.now();
  const made = await makeFaults(scene, plan, backend, log);
  const tookMinutes = Math.max(minutes, (Date.now() - began) / 60_000 - 0.5);
  say('no more faults');
  await waitUntilUp(scene);
  const spans = await pauseAll(scene, first);
  await load.stop();
  const isQuiet = await waitUntilQuiet(scene);
  say(isQuiet ? 'all is quiet' : 'it does not become quiet');
  const late = await scene.crew.endAll(stopWithinMs);
  const examined = await examine(scene, spans, made);
  examined.violations.push(
    ...late.map(({ name }) => `${name} did not stop within ${stopWithinMs} ms`),
  );
  const good = report({ backend, minutes: tookMinutes, made, ...examined });
  kept = values.keep || !good;
  if (kept) await keepEvidence(scene);
  else copyFileSync(log, beside);
  process.exitCode = good ? 0 : 1;
} finally {
  await scene.clear(kept);
  say(kept ? `fault log and logs: ${scene.directory}` : `fault log: ${beside}`);
}
// Connections that were cut off may keep this process alive, so it ends itself.
process.exit();
