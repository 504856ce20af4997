/** Mode off, while real children are at work on real effects. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { changeMode, currentMode } from '../../src/data/bots/engine.ts';
import { connect } from '../../src/database/connect.ts';
import { underFence } from '../../src/data/bots/fence.ts';
import { heal } from '../../src/heal/heal.ts';
import type { OpenFinding } from '../../src/heal/finding/open-finding.ts';
import type { HealContext } from '../../src/heal/heal-context.ts';
import { watchMode } from '../../src/run/kill-switch.ts';
import { queuedRun, rowOf, run, set } from '../support/runs.ts';
import { bots, remedies } from './kill-switch-bots.ts';
import { serveHttp } from '../support/http-server.ts';
import { engineWithChildren } from '../support/children.ts';

/** From the change of the mode until the run has ended: 2 s are promised, and a busy machine may add as much. */
const maxMs = 4_000;

async function scene() {
  const module = new URL('./kill-switch-bots.ts', import.meta.url);
  const engine = await engineWithChildren(module, { bots, remedies }, { size: 2 });
  const heard: string[] = [];
  const begun = Promise.withResolvers<number>();
  const { url } = await serveHttp(async (incoming, answer) => {
    const pid = Number(await text(incoming));
    heard.push(incoming.url!);
    if (incoming.url === '/begun') begun.resolve(pid);
    answer.end();
  });
  const { db } = engine;
  await sql`CREATE TABLE engine.effects (component text)`.execute(db);
  await sql`GRANT SELECT ON engine.effects TO roundsman_reader`.execute(db);
  await sql`INSERT INTO engine.settings (key, value) VALUES ('kill_switch_test', ${JSON.stringify(url)}::jsonb)`.execute(
    db,
  );
  return {
    engine,
    db,
    heard,
    /** the process that is at work */
    begun: begun.promise,
    off: () => changeMode(db, 'off', { by: 'ann', reason: 'enough' }),
    effects: async () => (await sql`SELECT component FROM engine.effects`.execute(db)).rows,
    actions: () => db.selectFrom('bot_actions').selectAll().orderBy('taken_at').execute(),
  };
}

/** A process that has ended and that nobody has asked about yet is still listed, as a zombie. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) Z/.test(stat);
}

const removed = (at: Awaited<ReturnType<typeof scene>>) =>
  sql`DELETE FROM engine.settings WHERE key = 'mode'`.execute(at.db);

test.each([
  ['sleeps', 'off', (at: Awaited<ReturnType<typeof scene>>) => at.off()],
  ['spins', 'off', (at: Awaited<ReturnType<typeof scene>>) => at.off()],
  ['sleeps', 'of no meaning', ({ db }: Awaited<ReturnType<typeof scene>>) => set(db, 'mode', 'on')],
  ['sleeps', 'removed', removed],
])(
  'a remedy that %s is ended with its effect when the mode is %s, and the run goes on without healing',
  async (bot, _, change) => {
    const at = await scene();
    const running = run(at.engine, bot, { max_attempts: 1 });
    const pid = await at.begun;
    const began = performance.now();
    await change(at);
    const row = await running;
    await expect.poll(() => isAlive(pid), { interval: 10 }).toBe(false);
    expect(performance.now() - began).toBeLessThan(maxMs);
    expect(row).toMatchObject({ status: 'success', checks_performed: 1, issues_found: 2 });
    expect(await at.effects()).toEqual([]);
    // The other finding was not touched any more.
    expect(await at.actions()).toMatchObject([
      { state: 'aborted', success: false, applied_at: null, settled_at: expect.any(Date) },
    ]);
    const { rows } = await sql`SELECT outcome FROM engine.heals`.execute(at.db);
    expect(rows).toEqual([{ outcome: null }]);
  },
);

test('an effect outside is left as it is, and asked about only when healing goes on', async () => {
  const at = await scene();
  const running = run(at.engine, 'sends', { max_attempts: 1 });
  const pid = await at.begun;
  const began = performance.now();
  await at.off();
  expect(await running).toMatchObject({ status: 'success' });
  await expect.poll(() => isAlive(pid), { interval: 10 }).toBe(false);
  expect(performance.now() - began).toBeLessThan(maxMs);
  expect(await at.actions()).toMatchObject([{ state: 'intent', evidence: { begun: true } }]);
  await run(at.engine, 'sends', { max_attempts: 1 });
  expect(at.heard).toEqual(['/asked', '/begun']);
  await set(at.db, 'mode', 'safe');
  await run(at.engine, 'sends', { max_attempts: 1 });
  expect(at.heard).toEqual(['/asked', '/begun', '/asked']);
  expect(await at.actions()).toMatchObject([{ state: 'unknown' }]);
});

test('what is already applied is still verified: checks are not stopped', async () => {
  const at = await scene();
  const running = run(at.engine, 'is-quick', { max_attempts: 1 });
  await at.begun;
  await at.off();
  expect(await running).toMatchObject({ status: 'success', actions_taken: 1 });
  expect(await at.actions()).toMatchObject([{ state: 'verified' }]);
});

test('the child that was ended is replaced: the next run is carried out', async () => {
  const at = await scene();
  const running = run(at.engine, 'spins', { max_attempts: 1 });
  await at.begun;
  await at.off();
  await running;
  for (let number = 0; number < 3; number++)
    expect(await run(at.engine, 'spins')).toMatchObject({ status: 'success', attempt: 1 });
});

test('a remedy is ended when nobody can say what the mode is', async () => {
  const at = await scene();
  await set(at.db, 'mode', 'off');
  await run(at.engine, 'sleeps');
  await set(at.db, 'mode', 'safe');
  const finding = await at.db.selectFrom('bot_findings').selectAll().executeTakeFirstOrThrow();
  const id = await queuedRun(at.db, 'sleeps');
  const started = (await at.engine.writer.start({ id, generation: 1 }))!;
  const unreachable = connect(at.engine.url);
  expect(await currentMode(unreachable)).toBe('safe');
  await unreachable.destroy();
  const child = await at.engine.children.take();
  const clock = { now: () => new Date(), leftMs: () => 60_000, whyCutOff: async () => null };
  const context = { run: started, child, signal: started.signal, ...clock };
  const { signal, carryOut } = watchMode({ ...at.engine, db: unreachable }, context);
  const healing: HealContext = {
    db: at.db,
    catalogue: at.engine.catalogue,
    signal,
    recheck: async () => 'failing',
    effect: (task) => carryOut('effect', task),
    emit: at.engine.emit,
    ...clock,
  };
  const healed = heal(healing, started, finding as unknown as OpenFinding);
  const pid = await at.begun;
  const began = performance.now();
  await healed;
  expect(performance.now() - began).toBeLessThan(maxMs);
  await expect.poll(() => isAlive(pid), { interval: 10 }).toBe(false);
  child.release();
  expect(await at.actions()).toMatchObject([{ state: 'aborted' }]);
  expect(await at.effects()).toEqual([]);
});

test('a run whose row was held so long that its lease ran out keeps it', async () => {
  const at = await scene();
  const id = await queuedRun(at.db, 'sleeps');
  const started = (await at.engine.writer.start({ id, generation: 1 }))!;
  await sql`UPDATE bot_executions SET lease_until = engine.now() - interval '1 minute'`.execute(
    at.db,
  );
  await underFence(at.db, started, async () => {});
  const { lease_until } = await rowOf(at.db, id);
  expect(lease_until!.getTime()).toBeGreaterThan(Date.now());
});
