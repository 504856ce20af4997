/**
 * Faults between an effect and its record. A few of each kind here; lost-acknowledgements-full.ts does them
 * by the thousand.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import type { Cut } from '../run/group-commit-wire.ts';
import { testDatabase } from '../support/database.ts';
import { aBot, aRemedy, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine } from '../support/engine.ts';
import { attempt, nothingHeldOut, queuedRun, run, set } from '../support/runs.ts';
import { kinds } from './lost-bots.ts';
import { scene } from './lost-scene.ts';
import { childrenOf } from '../support/children.ts';

const cuts = Number(process.env.LOST_CUTS ?? 30);
const childKills = Number(process.env.LOST_CHILD_KILLS ?? 9);
const workerKills = Number(process.env.LOST_WORKER_KILLS ?? 3);
const tell = (what: string, figures: object) => {
  if (process.env.LOST_CUTS) console.log(what, figures);
};

/** Where the connection that holds an effect is cut. */
const places: Cut[] = [
  { before: 'commit' },
  { after: 'COMMIT\0' },
  { before: 'update "bot_actions"' },
  { before: 'update "bot_knowledge"' },
];

test(
  `${cuts} connections that are cut between an effect and its record double none and lose none`,
  { timeout: 60_000 + cuts * 2_000 },
  async () => {
    const at = await scene();
    let place = 0;
    const began = performance.now();
    for (let turn = 0; at.wire.cuts() < cuts; turn++) {
      const kind = kinds[turn % 3]!;
      at.heard.done = () => {
        at.wire.arm(places[place++ % places.length]!);
        return true;
      };
      await at.cases(kind, 8);
      await run(at.engine, kind);
      await at.close();
    }
    await at.calm();
    const figures = await at.agree();
    await at.everyCaseInside();
    // When the connection is lost during the record, the process that has seen the effect writes it again: no remedy has to be asked.
    expect(figures.unknown).toBe(0);
    tell('cut connections', { cuts: at.wire.cuts(), ...figures, seconds: seconds(began) });
  },
);

const seconds = (began: number) => Math.round((performance.now() - began) / 1_000);

test(
  `${childKills} children that are killed between an effect and its record double none and lose none`,
  { timeout: 60_000 + childKills * 5_000 },
  async () => {
    const at = await scene();
    const children = childrenOf(at, new URL('./lost-bots.ts', import.meta.url));
    let killed = 0;
    const began = performance.now();
    for (let turn = 0; killed < childKills; turn++) {
      const kind = kinds[turn % 3]!;
      const met = new Set<string>();
      at.heard.done = ({ pid, component }) => {
        // Each case once: the next try goes through.
        if (met.has(component)) return true;
        met.add(component);
        killed += 1;
        process.kill(pid, 'SIGKILL');
        return false;
      };
      await at.cases(kind, 3);
      await run({ ...at.engine, children }, kind);
      await at.close();
    }
    await at.calm();
    const figures = await at.agree();
    await at.everyCaseInside();
    expect(figures.unknown).toBeGreaterThan(0);
    tell('killed children', { killed, ...figures, seconds: seconds(began) });
  },
);

async function aWorker(databaseUrl: string): Promise<ChildProcess> {
  const worker = fork(new URL('./lost-worker.ts', import.meta.url), [databaseUrl]);
  onTestFinished(() => void worker.kill('SIGKILL'));
  await once(worker, 'message', { signal: AbortSignal.timeout(30_000) });
  return worker;
}

test(
  `${workerKills} workers that are killed in the middle of healing double no effect and lose none`,
  { timeout: 90_000 + workerKills * 30_000 },
  async () => {
    const at = await scene();
    const began = performance.now();
    let killed = 0;
    for (; killed < workerKills; killed++) {
      const worker = await aWorker(at.url);
      const effect = new Promise<void>((resolve) => {
        // Some are killed with the remedy waiting, some while it goes on.
        at.heard.done = () => {
          resolve();
          return killed % 3 === 0;
        };
      });
      for (const kind of kinds) {
        await at.cases(kind, 2);
        await queuedRun(at.db, kind, { generation: 0, max_attempts: 100 });
      }
      await effect;
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
    at.heard.done = () => true;
    await aWorker(at.url);
    const going = async () =>
      (
        await sql`SELECT id FROM bot_executions WHERE status IN ('queued', 'running')`.execute(
          at.db,
        )
      ).rows.length;
    // One after the other of each bot: three for each kill.
    await expect.poll(going, { timeout: 60_000 + workerKills * 5_000, interval: 200 }).toBe(0);
    await at.close();
    await at.calm();
    const figures = await at.agree();
    await at.everyCaseInside();
    tell('killed workers', { killed, ...figures, seconds: seconds(began) });
  },
);

/** Workers of one database, each with connections of its own. */
async function workers(count: number, known: ReturnType<typeof catalogue>) {
  const database = await testDatabase();
  const engines = [];
  for (let number = 0; number < count; number++)
    engines.push(await anEngine({ name: 'postgres' }, known, { database, concurrency: 1 }));
  await nothingHeldOut(database.db);
  await sql`UPDATE engine.settings SET value = value || '{"heals_per_entry": 1000, "storm_components": 1000}'
            WHERE key = 'healing'`.execute(database.db);
  return { db: database.db, engines };
}

test('two workers and one finding: one heal', async () => {
  let healed: string[] = [];
  let component = '';
  const bot = aBot(
    'watch',
    async () => (healed.length > 0 ? clean(component) : broken(component)),
    { knowledge: [entry('clean', playbook('disk.clean'))] },
  );
  const cure = aRemedy('disk.clean', async ({ target }) => void healed.push(target.component));
  const { db, engines } = await workers(2, catalogue([bot], [cure]));
  await sql`UPDATE bots SET concurrency = 2`.execute(db);
  for (let number = 0; number < 10; number++) {
    component = `disk-${number}`;
    healed = [];
    await Promise.all(engines.map(async (engine) => attempt(engine, await queuedRun(db, 'watch'))));
    expect(healed).toEqual([component]);
  }
  const heals = await db.selectFrom('bot_actions').select(['component', 'state']).execute();
  expect(heals.map((heal) => heal.component).toSorted()).toHaveLength(10);
});

test('ten workers spend no more than the budget', async () => {
  const healed: string[] = [];
  const names = Array.from({ length: 10 }, (_, index) => `bot-${index}`);
  const bots = names.map((name) =>
    aBot(name, async () => broken(name), {
      knowledge: [entry(`clean.${name}`, playbook('disk.clean'), { pattern: `${name} is broken` })],
    }),
  );
  const cure = aRemedy('disk.clean', async ({ target }) => void healed.push(target.component));
  const { db, engines } = await workers(10, catalogue(bots, [cure]));
  await set(db, 'budget', { heals_per_hour: 4 });
  await Promise.all(
    engines.map(async (engine, index) => attempt(engine, await queuedRun(db, names[index]!))),
  );
  expect(healed).toHaveLength(4);
  const heals = await db.selectFrom('bot_actions').select('heal_id').distinct().execute();
  expect(heals).toHaveLength(4);
  const refused = await db
    .selectFrom('bot_decisions')
    .select('gate')
    .where('verdict', '=', 'blocked')
    .execute();
  expect(refused.map(({ gate }) => gate)).toEqual(Array(6).fill('budget'));
});
