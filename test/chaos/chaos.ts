/**
 * Breaks a running engine in every way that it has to survive, and then asks the database whether it did.
 *
 *   npm run chaos -- --minutes 1 --seed 1 --backend redis|postgres [--plant slot|fence|rescue]
 *                    [--replay fault-log] [--keep]
 *
 * Real processes, a PostgreSQL with fsync and a redis-server of its own. Ends with 1 on any violation of
 * the protocol, under 30 faults a minute, or when a kind of fault did not happen. The plan of faults
 * follows from seed, minutes and backend; the fault log holds them and it, with what happened and to whom.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plants, type Plant } from './checkout.ts';
import { provideFaketime } from './clock-off.ts';
import { direct } from './director.ts';
import { examine, keepEvidence } from './examine.ts';
import { startLoad } from './load.ts';
import { originIn, planIn, planOf, type Backend, type Origin } from './plan.ts';
import { report } from './report.ts';
import { everybodyUp, firstSlotsOf, pauseAll, quiet, setScene } from './scene.ts';

/** A process that is asked to stop drains for 10 s and gives back what is left. */
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
const defect = (values.plant ?? null) as Plant | null;
if (!(minutes > 0) || !Number.isInteger(seed) || !['redis', 'postgres'].includes(backend))
  throw new Error('usage: --minutes M --seed S --backend redis|postgres');
if (defect && !plants.includes(defect)) throw new Error(`--plant is one of ${plants.join(', ')}`);

const say = (line: string) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);
provideFaketime();
const plan = values.replay ? planIn(values.replay) : planOf(seed, minutes, backend);
const scene = await setScene({ backend, schedulers: 2, workers: 4, plant: defect });
const log = join(scene.directory, 'faults.jsonl');
const beside = `${scene.directory}.faults.jsonl`;
let kept = true;
try {
  writeFileSync(log, `${JSON.stringify({ seed, minutes, backend } satisfies Origin)}\n`);
  say(
    `${backend}, seed ${seed}, ${plan.length} faults planned; everything is in ${scene.directory}`,
  );
  await everybodyUp(scene);
  const first = await firstSlotsOf(scene);
  const load = startLoad(scene.postgres, seed);
  const began = Date.now();
  const made = await direct(scene, plan, backend, log);
  const tookMinutes = Math.max(minutes, (Date.now() - began) / 60_000 - 0.5);
  say('no more faults');
  await everybodyUp(scene);
  const until = await pauseAll(scene);
  await load.stop();
  const isQuiet = await quiet(scene);
  say(isQuiet ? 'all is quiet' : 'it does not become quiet');
  const late = await scene.crew.dismiss(stopWithinMs);
  const examined = await examine(
    scene,
    first.map((span) => ({ ...span, until })),
    made,
  );
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
// What has been cut off or killed may have left something open: nothing waits for it.
process.exit();
