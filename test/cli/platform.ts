/** A platform of a seed after some rounds: bots that find and heal, people who answer, and what comes between. */
import { sql } from 'kysely';
import { Chance } from '../../src/demo/chance.ts';
import type { Db } from '../../src/database/connect.ts';
import type { ReportedFinding } from '../../src/bot.ts';
import { addSilence } from '../../src/services/silences/add.ts';
import { assignTicket } from '../../src/services/tickets/assign.ts';
import { findResolvable, resolveTicket } from '../../src/services/tickets/resolve.ts';
import { aBot, aRemedy, catalogue, entry, playbook, problem } from '../support/builders.ts';
import { anEngine, type TestEngine } from '../support/engine.ts';
import { attempt, nothingHeldOut, queuedRun } from '../support/runs.ts';
import { insertAction } from './known.ts';
import { ago, insertFinding, insertTicket } from './rows.ts';

const actor = { name: 'ann', role: 'owner' } as const;
const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
const kinds = ['mends', 'mends-second', 'never-mends', 'throws', 'unknown'] as const;
const names = ['alpha', 'beta', 'gamma'] as const;

export interface Platform {
  engine: TestEngine;
  db: Db;
  url: string;
  /** the runs of the last round */
  runs: string[];
}

/** Each component has its severity and what becomes of its cure; it breaks and recovers between rounds by chance. */
function components(chance: Chance) {
  return Array.from({ length: 9 }, (_, index) => ({
    name: `node-${index}`,
    severity: chance.pick(severities),
    kind: chance.pick(kinds),
    dependsOn: index > 6 ? ['node-0'] : [],
  }));
}

export async function platformOf(seed: number, rounds = 4): Promise<Platform> {
  const chance = new Chance(seed);
  const broken = new Map<string, boolean>();
  let errs = '';
  const world = names.map((name) => ({ name, parts: components(chance) }));
  const bots = world.map(({ name, parts }, index) =>
    aBot(
      name,
      async () => {
        if (errs === name) throw new Error('the check broke off');
        const findings = parts
          .filter((part) => broken.get(`${name} ${part.name}`))
          .map(({ name: component, severity, kind, dependsOn }): ReportedFinding =>
            problem(component, { severity, category: kind, dependsOn }),
          );
        return { examined: parts.map((part) => part.name), findings };
      },
      index === 0
        ? {
            knowledge: [
              { ...entry('mends', playbook('part.mend')), category: 'mends' },
              {
                ...entry('mends-second', playbook('part.look', 'part.mend')),
                category: 'mends-second',
              },
              { ...entry('never-mends', playbook('part.look')), category: 'never-mends' },
              { ...entry('throws', playbook('part.throw')), category: 'throws' },
            ],
          }
        : {},
    ),
  );
  const mend = aRemedy('part.mend', async ({ target }) => {
    for (const { name } of world) broken.set(`${name} ${target.component}`, false);
  });
  const look = aRemedy('part.look', async () => {});
  const broke = aRemedy('part.throw', () => Promise.reject(new Error('it broke off')));
  const engine = await anEngine({ name: 'postgres' }, catalogue(bots, [mend, look, broke]));
  const { db, url } = engine;
  await nothingHeldOut(db);
  await db.updateTable('bots').set({ confirm: 2 }).where('name', '=', 'beta').execute();
  await db.updateTable('bots').set({ clear: 2 }).where('name', '=', 'gamma').execute();

  let runs: string[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const { name, parts } of world)
      for (const part of parts)
        broken.set(`${name} ${part.name}`, chance.next() < (round % 2 === 0 ? 0.6 : 0.25));
    errs = chance.next() < 0.3 ? chance.pick(names) : '';
    runs = [];
    for (const name of names) {
      const id = await queuedRun(db, name, { max_attempts: 1 });
      await attempt(engine, id);
      runs.push(id);
    }
    if (round < rounds - 1) await peopleAct(db, chance);
  }
  await plantOlder(db, chance, runs[0]!);
  return { engine, db, url, runs };
}

/** What four rounds do not come to: tickets in number, and heals and findings that ended in every way there is. */
async function plantOlder(db: Db, chance: Chance, run: string): Promise<void> {
  const { id } = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', 'alpha')
    .executeTakeFirstOrThrow();
  for (let index = chance.between(6, 10); index > 0; index--) {
    const [fingerprint, severity] = [chance.uuid(), chance.pick(severities)];
    // Every second one is about a finding that the last round saw.
    if (index % 2 === 0)
      await insertFinding(db, id, `older ${index}`, {
        fingerprint,
        severity,
        execution_id: run,
        last_execution_id: run,
      });
    await insertTicket(db, id, `older ${index}`, {
      fingerprint,
      severity,
      created_at: ago(chance.between(1, 500)),
      respond_by: ago(chance.between(-300, 300)),
      acknowledged_at: chance.next() < 0.3 ? ago(1) : null,
      ...(chance.next() < 0.5 && { status: 'assigned', assigned_to: 'bob' }),
    });
  }
  await sql`
    UPDATE bot_executions
    SET issues_found = (SELECT count(*) FROM bot_findings WHERE last_execution_id = ${run})
    WHERE id = ${run}`.execute(db);
  for (const state of actionStates) {
    const heal_id = chance.uuid();
    const steps = chance.between(1, 3);
    for (let step = 0; step < steps; step++)
      await insertAction(db, id, 'failed', chance.between(1, 90), {
        heal_id,
        step,
        ...(step === steps - 1 && { state, success: ['verified', 'held'].includes(state) }),
      });
  }
  for (const resolution_method of ['auto-fixed', 'escalated', 'manual', 'cleared'] as const)
    await insertFinding(db, id, `was ${resolution_method}`, {
      resolution_method,
      resolved_at: ago(chance.between(1, 90)),
    });
}

const actionStates = [
  'intent',
  'applied',
  'verified',
  'failed',
  'aborted',
  'unknown',
  'held',
  'relapsed',
  'undecided',
  'undone',
] as const;

/** People resolve, take and put off tickets, silence something, and cancel a run. */
async function peopleAct(db: Db, chance: Chance): Promise<void> {
  const tickets = await db
    .selectFrom('bot_tickets')
    .select('number')
    .where('status', 'in', ['open', 'assigned'])
    .orderBy('number')
    .execute();
  for (const { number } of tickets) {
    const ticket = `T-${number}`;
    const what = chance.next();
    if (what < 0.3) {
      const found = await findResolvable(db, { ticket });
      await resolveTicket({ db, actor }, { ...found, notes: 'mended by hand' });
    } else if (what < 0.5) await assignTicket({ db, actor }, { ticket, who: 'bob' });
  }
  if (chance.next() < 0.5) {
    const [component, seconds] = [`node-${chance.between(0, 8)}`, 3600];
    const wanted = { component, category: null, fingerprint: null, seconds, reason: 'known' };
    await addSilence({ db, actor }, wanted);
  }
  const name = chance.pick(names);
  await queuedRun(db, name, {
    status: 'cancelled',
    attempt: 1,
    cancel_reason: 'not now',
    completed_at: new Date(),
  });
  await sql`UPDATE bots SET total_runs = total_runs + 1 WHERE name = ${name}`.execute(db);
}
