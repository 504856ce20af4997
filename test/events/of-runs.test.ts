/** What an engine tells, from what it really does. */
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../src/events/kinds.ts';
import { rescuer } from '../../src/maintain/rescue.ts';
import { settle } from '../../src/maintain/settle.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { simulatedPlatform } from '../heal/simulated-platform.ts';
import { aBot, broken, catalogue, clean, entry, playbook } from '../support/builders.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { carried, makeDue, queuedRun, run } from '../support/runs.ts';
import { movableClock } from '../support/clocks.ts';

const postgres = { name: 'postgres' as const };

function listening() {
  const heard: EngineEvent[] = [];
  return {
    hear: (event: EngineEvent) => void heard.push(event),
    /** What was heard since it was asked last. */
    names: () => heard.splice(0).map(({ name }) => name),
    since: () => heard.splice(0),
  };
}

test('a finding is opened, counted and resolved, and its ticket with it', async () => {
  const { hear, names, since } = listening();
  let isBroken = true;
  const known = catalogue([aBot('watch', async () => (isBroken ? broken('disk') : clean('disk')))]);
  const engine = await anEngine(postgres, known, { hear });
  const { id } = await run(engine, 'watch');
  const events = since();
  expect(events.map(({ name }) => name)).toEqual([
    'run.started',
    'finding.opened',
    'ticket.opened',
    'run.ended',
  ]);
  expect(events.map(({ facts }) => facts)).toMatchObject([
    { run: id, bot: 'watch', attempt: 1, trigger: 'manual' },
    { run: id, bot: 'watch', component: 'disk', severity: 'high', finding: expect.any(String) },
    { ticket: 'T-1', severity: 'high', run: id },
    { run: id, bot: 'watch', status: 'success', findings: 1 },
  ]);
  await run(engine, 'watch');
  expect(names()).toEqual(['run.started', 'finding.counted', 'run.ended']);
  isBroken = false;
  await run(engine, 'watch');
  expect(names()).toEqual(['run.started', 'finding.resolved', 'ticket.resolved', 'run.ended']);
  isBroken = true;
  await run(engine, 'watch');
  expect(names()).toEqual(['run.started', 'finding.opened', 'ticket.reopened', 'run.ended']);
});

describe('a heal', () => {
  const cure = entry('clean', playbook('disk.clean'));

  test('is intended, applied, verified and held; and relapses where it comes back', async () => {
    const { hear, names, since } = listening();
    const platform = await simulatedPlatform([cure], [{ name: 'disk.clean' }], { hear });
    const later = await movableClock(platform.db);
    await platform.round();
    const events = since();
    expect(events.map(({ name }) => name)).toEqual([
      'run.started',
      'finding.opened',
      'heal.intended',
      'heal.applied',
      'heal.verified',
      'run.ended',
    ]);
    const { id: action } = (await platform.actions())[0]!;
    expect(events[3]!.facts).toMatchObject({ action, remedy: 'disk.clean', component: 'disk' });
    await later(2 * 3600);
    await platform.round();
    names();
    const { emit } = platform.engine;
    expect(await settle(platform.db, platform.engine.catalogue, { emit })).toMatchObject({
      held: 1,
    });
    expect(since()).toMatchObject([{ name: 'heal.held', facts: { action, remedy: 'disk.clean' } }]);

    platform.broken.add('disk');
    await platform.round();
    names();
    platform.broken.add('disk');
    await platform.round();
    expect(names()).toContain('heal.relapsed');
  });

  test('that cures nothing has failed', async () => {
    const { hear, names } = listening();
    const platform = await simulatedPlatform([cure], [{ name: 'disk.clean', works: false }], {
      hear,
    });
    await platform.round();
    expect(names().filter((name) => name.startsWith('heal.'))).toEqual([
      'heal.intended',
      'heal.applied',
      'heal.failed',
    ]);
  });

  test('changes how freely its entry may act, once that is judged', async () => {
    const { hear, since } = listening();
    const platform = await simulatedPlatform([cure], [{ name: 'disk.clean', works: false }], {
      hear,
    });
    const { engine, db } = platform;
    await platform.round();
    await sql`
      INSERT INTO bot_actions (bot_id, knowledge_id, heal_id, idempotency_key, action_type, action_description, remedy, risk,
                               fingerprint, component, category, state, success, taken_at, applied_at, settled_at)
      SELECT bot_id, knowledge_id, gen_random_uuid(), gen_random_uuid(), action_type, action_description, remedy, risk,
             fingerprint, component, category, 'failed', false, taken_at, applied_at, settled_at
      FROM bot_actions, generate_series(1, 20)`.execute(db);
    since();
    await settle(db, engine.catalogue, { emit: engine.emit });
    expect(since().filter(({ name }) => name === 'autonomy.changed')).toMatchObject([
      { facts: { knowledge: 'clean', component: null, before: 'auto' } },
    ]);
  });
});

test('a lost worker is named with its runs, and the tickets of those that end', async () => {
  const { hear, since } = listening();
  const engine = await anEngine(postgres, catalogue([aBot('watch', async () => clean('disk'))]), {
    hear,
  });
  const lost = { ...carried, lease_until: sql<Date>`engine.now() - interval '1 second'` };
  await queuedRun(engine.db, 'watch', { ...lost, max_attempts: 3 });
  await queuedRun(engine.db, 'watch', { ...lost, max_attempts: 1 });
  await rescuer(engine.db, engine.queue, escalateLost, engine.emit)();
  expect(since()).toMatchObject([
    { name: 'worker.lost', facts: { worker: 'another', runs: 1 } },
    { name: 'worker.lost', facts: { worker: 'another', runs: 1 } },
  ]);
});

test('a bot that cannot run is in error, and a due one is claimed', async () => {
  const { hear, since } = listening();
  const flow = await startFlow(postgres, catalogue([aBot('watch', async () => clean('disk'))]), {
    hear,
    roles: ['scheduler'],
  });
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint, config)
    VALUES ('bad', 'Bad', '* * * * *', 'bot:nothing', '{}')`.execute(flow.db);
  const events: EngineEvent[] = [];
  const heard = async (name: EngineEvent['name']) => {
    const find = () => {
      events.push(...since());
      return events.find((event) => event.name === name);
    };
    await expect.poll(find).toBeDefined();
    return find()!.facts;
  };
  expect(await heard('bot.in_error')).toMatchObject({ name: 'bad' });
  await expect
    .poll(() => makeDue(flow.db, 'watch').then((done) => Number(done.numAffectedRows)))
    .toBe(1);
  expect(await heard('run.claimed')).toMatchObject({ run: expect.any(String), generation: 1 });
});
