/** What becomes of a removed bot under a running engine: its run, what that run still writes, and its registration. */
import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import type { CheckResult } from '../../src/bot.ts';
import { settle } from '../../src/maintain/settle.ts';
import { registerCatalogue } from '../../src/schedule/register.ts';
import { addBot, newBot } from '../../src/services/bots/add.ts';
import { disableBot, enableBot } from '../../src/services/bots/enable.ts';
import { removeBot } from '../../src/services/bots/remove.ts';
import { renameBot } from '../../src/services/bots/rename.ts';
import { claimSlots } from '../../src/transitions/runs/claim.ts';
import { removeBot as removeRow } from '../../src/transitions/bots/remove.ts';
import { cancelRunsOf } from '../../src/transitions/runs/cancel-of-bot.ts';
import { connect, type Db } from '../../src/database/connect.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { insertAction, insertDecision, insertKnowledge } from '../cli/known.ts';
import { insertFinding } from '../cli/rows.ts';
import { testDatabase } from '../support/database.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { attempt, queuedRun, rowOf, run } from '../support/runs.ts';

const ann = { name: 'ann', role: 'admin' as const };
const backend = { name: 'postgres' as const };
const remove = (db: Db, bot = 'watch') => removeBot({ db, actor: ann }, { bot, reason: null });
const names = async (db: Db) =>
  (await db.selectFrom('bots').select('name').orderBy('name').execute()).map(({ name }) => name);
const openOf = async (db: Db) => {
  const { rows } = await sql<{ findings: number; tickets: number }>`
    SELECT (SELECT count(*)::int FROM bot_findings WHERE resolved_at IS NULL) AS findings,
           (SELECT count(*)::int FROM bot_tickets WHERE status IN ('open', 'assigned')) AS tickets`.execute(
    db,
  );
  return rows[0]!;
};

/** A bot whose check waits until it is let go, and then finds the disk broken. */
function slow() {
  const began = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const check = async (): Promise<CheckResult> => {
    began.resolve();
    await go.promise;
    return broken('disk');
  };
  return { began: began.promise, go: go.resolve, known: catalogue([aBot('watch', check)]) };
}

test('a run that is under way when its bot is removed ends, and leaves nothing open', async () => {
  const { began, go, known } = slow();
  const flow = await startFlow(backend, known);
  const id = await queuedRun(flow.db, 'watch', { generation: 0 });
  await began;
  expect(await remove(flow.db)).toMatchObject({ unchanged: false, stopping: 1 });
  go();
  await vi.waitFor(
    async () => expect(await rowOf(flow.db, id)).toMatchObject({ completed_at: expect.any(Date) }),
    15_000,
  );
  await vi.waitFor(
    async () => expect(await openOf(flow.db)).toEqual({ findings: 0, tickets: 0 }),
    15_000,
  );
});

test('what a run has written after its bot was removed is closed by the timer that settles, and told', async () => {
  const engine = await anEngine(backend, catalogue([aBot('watch', async () => broken('disk'))]));
  const { db } = engine;
  // As by hand, so that the run is not asked to end.
  const id = await queuedRun(db, 'watch');
  await sql`UPDATE bots SET status = 'disabled', removed_at = engine.now()`.execute(db);
  expect(await attempt(engine, id)).toMatchObject({ status: 'success' });
  expect(await openOf(db)).toEqual({ findings: 1, tickets: 1 });
  const told: string[] = [];
  expect(
    await settle(db, engine.catalogue, { emit: (name) => void told.push(name) }),
  ).toMatchObject({ closedBots: 1 });
  expect(await openOf(db)).toEqual({ findings: 0, tickets: 0 });
  expect(told).toEqual(expect.arrayContaining(['ticket.resolved', 'bots.closed']));
  expect(await settle(db, engine.catalogue)).toMatchObject({ closedBots: 0 });
});

test('cures that wait to be judged are undecided, doubts are settled, and an effect that was begun outside is left to be asked about', async () => {
  const engine = await anEngine(backend, catalogue([aBot('watch', async () => broken('disk'))]));
  const { db } = engine;
  await run(engine, 'watch');
  const { id: bot } = await db.selectFrom('bots').select('id').executeTakeFirstOrThrow();
  const knowledge = await insertKnowledge(db, 'disk.full');
  const finding = await insertFinding(db, bot, 'other');
  await insertDecision(db, { bot, finding, knowledge }, { outcome: 'pending' });
  for (const state of ['intent', 'applied', 'verified', 'unknown', 'held'] as const)
    await insertAction(db, bot, state, 5, { component: state, settled_at: null });
  await insertAction(db, bot, 'intent', 5, {
    component: 'begun',
    evidence: '{"begun": "x"}',
    settled_at: null,
  });
  await remove(db);
  const actions = await db
    .selectFrom('bot_actions')
    .select(['component', 'state'])
    .orderBy('component')
    .execute();
  expect(Object.fromEntries(actions.map(({ component, state }) => [component, state]))).toEqual({
    intent: 'aborted',
    applied: 'undecided',
    verified: 'undecided',
    unknown: 'aborted',
    held: 'held',
    begun: 'intent',
  });
  expect(await db.selectFrom('bot_decisions').select('outcome').execute()).toEqual([
    { outcome: 'touched' },
  ]);
  expect(await openOf(db)).toEqual({ findings: 0, tickets: 0 });
});

test('when it is enabled again, what is still wrong comes back on the same ticket', async () => {
  const engine = await anEngine(backend, catalogue([aBot('watch', async () => broken('disk'))]));
  const { db } = engine;
  await run(engine, 'watch');
  await remove(db);
  expect(await openOf(db)).toEqual({ findings: 0, tickets: 0 });
  await enableBot({ db, actor: ann, catalogue: async () => engine.catalogue }, { bot: 'watch' });
  await run(engine, 'watch');
  expect(await openOf(db)).toEqual({ findings: 1, tickets: 1 });
  expect(await db.selectFrom('bot_tickets').select('number').execute()).toHaveLength(1);
});

test.each(['disabled', 'removed'])(
  'a bot that is %s while a claim has it gets no run that begins',
  async (word) => {
    const engine = await anEngine(backend, catalogue([aBot('watch', async () => clean())]));
    const { db } = engine;
    const slot = new Date(Math.floor(Date.now() / 1000) * 1000 - 5_000);
    await sql`UPDATE bots SET checked_version = definition_version, next_slot_at = ${slot}, next_execution_at = ${slot},
            planned_from = ${slot}::timestamptz - interval '1 day'`.execute(db);
    const next = new Date(Date.now() + 86_400_000);
    const after = new Date(next.getTime() + 86_400_000);
    const times = [{ cron: '0 0 1 1 *', zone: 'UTC', slot: slot.toISOString(), next, after }];
    const claiming = await db.startTransaction().execute();
    const { queued } = await claimSlots(claiming, null, 10, times);
    expect(queued).toHaveLength(1);
    const change =
      word === 'removed'
        ? remove(db)
        : disableBot({ db, actor: ann }, { bot: 'watch', reason: null });
    await waitsForLock(db);
    await claiming.commit().execute();
    expect(await change).toMatchObject({
      cancelled: 1,
      bot: { status: 'disabled', next_slot_at: null },
    });
    expect(await attempt(engine, queued[0]!.id)).toMatchObject({ status: 'cancelled', attempt: 0 });
  },
);

test('a start that waits for a bot that is being removed begins nothing', async () => {
  const engine = await anEngine(backend, catalogue([aBot('watch', async () => clean())]));
  const { db } = engine;
  const id = await queuedRun(db, 'watch');
  const removing = await db.startTransaction().execute();
  const bot = (await removeRow(
    removing,
    await db.selectFrom('bots').select('id').executeTakeFirstOrThrow(),
    null,
  ))!;
  // It holds the run by now, and waits for the bot: the removal does not wait for it.
  const started = engine.writer.start({ id, generation: 1 });
  await waitsForLock(db);
  expect(await cancelRunsOf(removing, bot.id, 'x')).toEqual({ cancelled: 0, stopping: 1 });
  await removing.commit().execute();
  expect(await started).toBeNull();
  expect(await rowOf(db, id)).toMatchObject({ status: 'queued', attempt: 0 });
});

async function waitsForLock(db: Db): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await sql`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`.execute(
      db,
    );
    expect(rows.length).toBeGreaterThan(0);
  }, 10_000);
}

const seed = {
  name: 'disk.full',
  category: 'x',
  pattern: 'disk is',
  solution: 'Look.',
  autonomy: 'shadow' as const,
};
const brings = catalogue([aBot('watch', async () => clean(), { knowledge: [seed] })]);

test('what the catalogue brings is registered once: neither a removal nor a new name makes it come back', async () => {
  const { db } = await testDatabase();
  expect(await registerCatalogue(db, brings)).toEqual({
    bots: ['watch'],
    knowledge: ['disk.full'],
  });
  const nothing = { bots: [], knowledge: [] };
  await remove(db);
  expect(await registerCatalogue(db, brings)).toEqual(nothing);
  await renameBot({ db, actor: ann }, { bot: 'watch', name: 'guard' });
  expect(await registerCatalogue(db, brings)).toEqual(nothing);
  await enableBot({ db, actor: ann, catalogue: async () => brings }, { bot: 'guard' });
  expect(await registerCatalogue(db, brings)).toEqual(nothing);
  expect(await names(db)).toEqual(['guard']);
});

test('a process of the version before, which registers by names, does not bring it back either', async () => {
  const { url } = await testDatabase();
  const db = connect(url, { name: 'roundsman worker' });
  try {
    await registerCatalogue(db, brings);
    await renameBot({ db, actor: ann }, { bot: 'watch', name: 'guard' });
    await sql`UPDATE bot_knowledge SET name = 'disk.other'`.execute(db);
    await sql`INSERT INTO bots (name, display_name, schedule_cron, api_endpoint) VALUES ('watch', 'x', '@daily', '/api/bots/watch')
              ON CONFLICT (name) DO NOTHING`.execute(db);
    await sql`INSERT INTO bot_knowledge (name, category, issue_pattern, solution) VALUES ('disk.full', 'x', 'disk is', 'x')
              ON CONFLICT (name) DO NOTHING`.execute(db);
    expect(await names(db)).toEqual(['guard']);
    expect(await db.selectFrom('bot_knowledge').select('name').execute()).toEqual([
      { name: 'disk.other' },
    ]);
    // A person may have a second one of that name.
    const bot = newBot({ name: 'watch', schedule: '@daily', endpoint: '/api/bots/watch' }, brings);
    expect(await addBot({ db, actor: ann, catalogue: brings }, { bot })).toMatchObject({
      bot: { catalogue_name: null },
    });
  } finally {
    await db.destroy();
  }
});

test('a bot of a person that is the catalogue’s bot of its name counts as registered', async () => {
  const { db } = await testDatabase();
  const bot = newBot({ name: 'watch', schedule: '@daily', endpoint: 'bot:watch' }, brings);
  await addBot({ db, actor: ann, catalogue: brings }, { bot });
  await renameBot({ db, actor: ann }, { bot: 'watch', name: 'guard' });
  expect((await registerCatalogue(db, brings)).bots).toEqual([]);
});

test('a rename while a process registers leaves one bot', async () => {
  const { db } = await testDatabase();
  await registerCatalogue(db, brings);
  const renaming = await db.startTransaction().execute();
  await sql`UPDATE bots SET name = 'guard'`.execute(renaming);
  const registering = registerCatalogue(db, brings);
  await waitsForLock(db).catch(() => {});
  await renaming.commit().execute();
  expect((await registering).bots).toEqual([]);
  expect(await names(db)).toEqual(['guard']);
});
