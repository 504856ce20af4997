/** Rows that the platform's own code writes with the document's columns: the engine shows them, and leaves them. */
import { sql } from 'kysely';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { rescuer } from '../../src/maintain/rescue.ts';
import { escalateLost } from '../../src/run/writer/escalate.ts';
import { lostRuns, waitingRuns } from '../../src/data/bots/progress.ts';
import { cancelRunsOf } from '../../src/transitions/runs/cancel-of-bot.ts';
import { cancelRun, ExternalRunError } from '../../src/transitions/runs/cancel.ts';
import { listFindings } from '../../src/data/bots/bot-findings.ts';
import { countWithoutTicket } from '../../src/data/bots/without-ticket.ts';
import { readRound } from '../../src/services/round/read.ts';
import type { CheckResult } from '../../src/bot.ts';
import type { Db } from '../../src/database/connect.ts';
import { aBot, broken, catalogue, clean } from '../support/builders.ts';
import { anEngine, startFlow } from '../support/engine.ts';
import { makeDue, rowOf, run } from '../support/runs.ts';

let result: CheckResult = clean('disk');
const known = catalogue([aBot('watch', async () => result)]);
const postgres = { name: 'postgres' } as const;

/** Writes a row and returns all of it. */
const write = async (db: Db, statement: string): Promise<any> => {
  const { rows } = await sql.raw(`${statement} RETURNING *`).execute(db);
  return rows[0];
};
const ofBot = "(SELECT id FROM bots WHERE name = 'watch')";
const aRun = (db: Db, status: string, started = "now() - interval '2 hours'") =>
  write(
    db,
    `INSERT INTO bot_executions (bot_id, status, started_at) VALUES (${ofBot}, '${status}', ${started})`,
  );

test('a run that the platform left queued or running is not queued, started, rescued, counted as lost or in the way', async () => {
  result = clean('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  const own = [await aRun(db, 'running'), await aRun(db, 'queued'), await aRun(db, 'running')];
  expect(own.map(({ trigger }) => trigger)).toEqual(['external', 'external', 'external']);
  const rescue = rescuer(db, engine.queue, escalateLost, engine.emit);
  expect(await rescue()).toEqual({ queued: 0, takenOver: 0, ended: 0 });

  // Its places are free, and its slots are no overlap.
  const flow = await startFlow(postgres, known, {
    database: { db, url: engine.url, name: '' },
  });
  await expect.poll(async () => (await slot(db)).next_slot_at).not.toBeNull();
  await makeDue(db, 'watch');
  await expect
    .poll(() => scheduled(db), { timeout: 12_000 })
    .toEqual([{ status: 'success', reason: null }]);
  await flow.stop();
  for (const row of own) expect(await rowOf(db, row.id)).toEqual(row);
  const { rows } = await sql<{ total_runs: number }>`SELECT total_runs FROM bots`.execute(db);
  expect(rows).toEqual([{ total_runs: 1 }]);
});

const slot = (db: Db) => db.selectFrom('bots').select('next_slot_at').executeTakeFirstOrThrow();
const scheduled = (db: Db) =>
  db
    .selectFrom('bot_executions')
    .select(['status', 'reason'])
    .where('trigger', '=', 'schedule')
    .execute();

test('nothing is reported to be stuck because of it', async () => {
  const { db } = await anEngine(postgres, known);
  await aRun(db, 'running');
  await aRun(db, 'queued');
  await sql`UPDATE bot_executions SET queued_at = now() - interval '2 hours'`.execute(db);
  expect([(await waitingRuns(db)).count, (await lostRuns(db)).count]).toEqual([0, 0]);
});

test('only the platform ends it, with the columns that the document has', async () => {
  const { db } = await anEngine(postgres, known);
  const { id } = await aRun(db, 'running');
  await expect(cancelRun(db, id, null)).rejects.toThrow(ExternalRunError);
  expect(await rowOf(db, id)).toMatchObject({ status: 'running', cancel_requested_at: null });
  const ended = await write(
    db,
    `UPDATE bot_executions SET status = 'success', execution_time_ms = 90000 WHERE id = '${id}'`,
  );
  expect(ended.completed_at.getTime() - ended.started_at.getTime()).toBe(90_000);
  expect(await rowOf(db, (await aRun(db, 'failed')).id)).toMatchObject({
    status: 'failed',
    completed_at: expect.any(Date),
    trigger: 'external',
  });
});

test('a process of the version before, which would queue it, passes it over; a bot that is disabled leaves it alone', async () => {
  const { db } = await anEngine(postgres, known);
  const [queued, running] = [await aRun(db, 'queued'), await aRun(db, 'running')];
  const { numAffectedRows } = await sql`
    UPDATE bot_executions SET generation = 1, queued_at = engine.now() WHERE generation = 0`.execute(
    db,
  );
  expect(numAffectedRows).toBe(0n);
  const bot = await db.selectFrom('bots').select('id').executeTakeFirstOrThrow();
  expect(
    await db.transaction().execute((trx) => cancelRunsOf(trx, bot.id, 'its bot was disabled')),
  ).toEqual({ cancelled: 0, stopping: 0 });
  for (const row of [queued, running]) expect(await rowOf(db, row.id)).toEqual(row);
});

test('a row that names a worker or a lease is not a row of the platform', async () => {
  const { db } = await anEngine(postgres, known);
  const { id } = await aRun(db, 'running');
  const taken = sql`UPDATE bot_executions SET lease_until = now() WHERE id = ${id}::uuid`;
  await expect(taken.execute(db)).rejects.toThrow('bot_executions_external_check');
});

test('a finding of the platform is not a finding of a check: runs neither count nor resolve it, and it gets a ticket', async () => {
  result = clean('disk', 'shop');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  const own = await write(
    db,
    `INSERT INTO bot_findings (bot_id, severity, category, title, affected_component)
     VALUES (${ofBot}, 'critical', 'trouble', 'shop is broken', 'shop')`,
  );
  expect(own).toMatchObject({ check_name: 'external', component_key: 'shop', occurrences: 1 });
  await run(engine, 'watch', { max_attempts: 1 });
  await run(engine, 'watch', { max_attempts: 1 });
  const finding = await db.selectFrom('bot_findings').selectAll().executeTakeFirstOrThrow();
  expect(finding).toEqual(own);
  expect(await ticketsOf(db)).toMatchObject([{ finding_id: own.id, status: 'assigned' }]);

  // Its owner says that it is over: so is its ticket at the next run.
  const over = await write(
    db,
    `UPDATE bot_findings SET resolved_at = now() WHERE id = '${own.id}'`,
  );
  expect(over).toMatchObject({ resolution_method: 'cleared' });
  await run(engine, 'watch', { max_attempts: 1 });
  expect(await ticketsOf(db)).toMatchObject([{ status: 'resolved', resolved_by: 'roundsman' }]);
});

const ticketsOf = (db: Db) => db.selectFrom('bot_tickets').selectAll().orderBy('number').execute();

test('a ticket of the platform about no finding stays until a person resolves it', async () => {
  result = clean('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  const own = await write(
    db,
    `INSERT INTO bot_tickets (bot_id, severity, title, description) VALUES (${ofBot}, 'high', 'Call them', 'They rang')`,
  );
  expect(own.respond_by - own.created_at).toBe(30 * 60_000);
  await run(engine, 'watch', { max_attempts: 1 });
  expect(await ticketsOf(db)).toMatchObject([{ id: own.id, status: 'open' }]);
  const assigned = await write(db, `UPDATE bot_tickets SET assigned_to = 'ann'`);
  expect(assigned).toMatchObject({ status: 'assigned' });
  const resolved = await write(db, `UPDATE bot_tickets SET status = 'resolved'`);
  expect(resolved).toMatchObject({ resolution_notes: '', resolved_at: expect.any(Date) });
});

test('each ticket that the platform opens or ends is one event, and each that the engine opens is one event', async () => {
  result = broken('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  const told = async () => {
    const { rows } = await sql<object>`
      SELECT t.title, e.event, e.actor, e.detail, e.routed_at FROM bot_ticket_events e JOIN bot_tickets t ON t.id = e.ticket_id
      WHERE e.actor = 'external' ORDER BY e.id`.execute(db);
    return rows;
  };
  const { rows: written } = await sql<{ id: string }>`
    INSERT INTO bot_tickets (severity, title, description, assigned_to, status, created_at)
    VALUES ('high', 'one', 'd', 'ann', 'assigned', NULL), ('low', 'two', 'd', NULL, 'open', 'infinity'),
           ('low', 'over', 'd', NULL, 'resolved', now())
    RETURNING id`.execute(db);
  const opened = [
    { title: 'one', event: 'opened', actor: 'external', detail: { assigned_to: 'ann' } },
    { title: 'two', event: 'opened', actor: 'external', detail: { assigned_to: null } },
  ].map((event) => ({ ...event, routed_at: null }));
  expect(await told()).toEqual(opened);
  // In the same transaction, and beside it, the engine's own tickets have their one event.
  await run(engine, 'watch', { max_attempts: 1 });
  await db.transaction().execute(async (trx) => {
    await sql`INSERT INTO bot_tickets (severity, title, description) VALUES ('low', 'three', 'd')`.execute(
      trx,
    );
    await sql`INSERT INTO bot_tickets (fingerprint, severity, title, description) VALUES ('own', 'low', 'engine', 'd')`.execute(
      trx,
    );
  });
  expect((await told()).slice(2)).toMatchObject([{ title: 'three', event: 'opened' }]);
  const { rows: ofRuns } = await sql<object>`
    SELECT e.event, e.actor FROM bot_ticket_events e JOIN bot_tickets t ON t.id = e.ticket_id
    WHERE t.fingerprint NOT LIKE 'external-%' AND t.fingerprint <> 'own'`.execute(db);
  expect(ofRuns).toEqual([{ event: 'opened', actor: 'roundsman' }]);

  await sql`UPDATE bot_tickets SET status = 'resolved' WHERE id = ${written[0]!.id}`.execute(db);
  await sql`UPDATE bot_tickets SET status = 'closed' WHERE id = ${written[0]!.id}`.execute(db);
  await sql`UPDATE bot_tickets SET status = 'closed', resolution_notes = 'by us' WHERE id = ${written[1]!.id}`.execute(
    db,
  );
  expect((await told()).slice(3)).toMatchObject([
    { title: 'one', event: 'resolved', detail: { notes: '' } },
    { title: 'two', event: 'resolved', detail: { notes: 'by us' } },
  ]);
});

test("a ticket of the platform about a check's finding is that problem's ticket, and no run opens a second one", async () => {
  result = broken('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  await sql`UPDATE engine.settings SET value = '{}' WHERE key = 'escalation'`.execute(db);
  await run(engine, 'watch', { max_attempts: 1 });
  const [first] = await ticketsOf(db);
  // One is open: the platform's is another one, and stays while the finding is open.
  await insertTicket(db);
  expect((await ticketsOf(db)).map(({ fingerprint }) => fingerprint)).toEqual([
    first!.fingerprint,
    expect.stringMatching(/^external-/),
  ]);
  await sql`UPDATE bot_tickets SET status = 'closed', resolved_at = now()`.execute(db);
  await insertTicket(db);
  await run(engine, 'watch', { max_attempts: 1 });
  const open = (await ticketsOf(db)).filter(({ status }) => status === 'open');
  expect(open).toMatchObject([{ title: 'Look', fingerprint: first!.fingerprint, occurrences: 2 }]);
  result = clean('disk');
  await run(engine, 'watch', { max_attempts: 1 });
  expect((await ticketsOf(db)).filter(({ status }) => status === 'open')).toEqual([]);
});

const insertTicket = (db: Db) =>
  write(
    db,
    `INSERT INTO bot_tickets (bot_id, finding_id, severity, title, description)
     SELECT bot_id, id, 'high', 'Look', 'Please' FROM bot_findings LIMIT 1`,
  );

test("an action of the platform is over: it spends no budget, and no relapse of a check's finding turns it", async () => {
  result = broken('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  await run(engine, 'watch', { max_attempts: 1 });
  const own = await write(
    db,
    `INSERT INTO bot_actions (bot_id, finding_id, action_type, action_description, success)
     SELECT bot_id, id, 'restart', 'Restarted it', true FROM bot_findings LIMIT 1`,
  );
  expect(own).toMatchObject({ state: 'verified', heal_id: own.id, risk: 'irreversible' });
  await run(engine, 'watch', { max_attempts: 1 });
  const actions = await db.selectFrom('bot_actions').selectAll().execute();
  expect(actions).toEqual([own]);
  const turned = await write(db, `UPDATE bot_actions SET success = false`);
  expect(turned).toMatchObject({ state: 'failed', applied_at: null });
});

test('a ticket that is assigned to no person is open, and whoever writes it is warned', async () => {
  const { url } = await anEngine(postgres, known);
  const client = new pg.Client({ connectionString: url });
  const warnings: string[] = [];
  client.on('notice', ({ message, severity }) => warnings.push(`${severity}: ${message}`));
  await client.connect();
  onTestFinished(() => client.end());
  const { rows } = await client.query(
    `INSERT INTO bot_tickets (bot_id, severity, title, description, status)
     VALUES (${ofBot}, 'low', 't', 'd', 'assigned') RETURNING id, status`,
  );
  expect(rows).toEqual([{ id: expect.any(String), status: 'open' }]);
  const said = 'WARNING: the ticket is open, not assigned: assigned_to names no person';
  expect(warnings).toEqual([said]);
  await client.query(`UPDATE bot_tickets SET status = 'assigned' WHERE id = $1`, [rows[0].id]);
  expect(warnings).toEqual([said, said]);
  await client.query(`UPDATE bot_tickets SET status = 'assigned', assigned_to = 'ann'`);
  expect(warnings).toEqual([said, said]);
});

test('a further ticket about a finding stands for it when the first one ends, and no run opens a third', async () => {
  result = clean('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  const finding = await write(
    db,
    `INSERT INTO bot_findings (bot_id, severity, category, title) VALUES (${ofBot}, 'critical', 'own', 'It is broken')`,
  );
  const aTicket = () =>
    write(
      db,
      `INSERT INTO bot_tickets (bot_id, finding_id, severity, title, description)
       VALUES (${ofBot}, '${finding.id}', 'critical', 'It is broken', 'd')`,
    );
  const [first, second] = [await aTicket(), await aTicket()];
  const standing = async () => {
    const [row] = await listFindings(db, { which: 'open', limit: 10 });
    return row!.ticket && [row!.ticket.number, row!.ticket.stands_for];
  };
  expect(await standing()).toEqual([first.number, 'finding']);
  await sql`UPDATE bot_tickets SET status = 'resolved', resolution_notes = 'n' WHERE id = ${first.id}`.execute(
    db,
  );
  expect(await standing()).toEqual([second.number, 'finding']);
  expect(await countWithoutTicket(db)).toEqual([]);
  await run(engine, 'watch');
  expect(await ticketsOf(db)).toHaveLength(2);
  await sql`UPDATE bot_tickets SET status = 'resolved', resolution_notes = 'n' WHERE id = ${second.id}`.execute(
    db,
  );
  expect(await standing()).toBeNull();
  expect(await countWithoutTicket(db)).toMatchObject([{ severity: 'critical', count: 1 }]);
});

test('a round counts no finding that the platform wrote as found by it, whenever that says it was detected', async () => {
  result = clean('disk');
  const engine = await anEngine(postgres, known);
  const { db } = engine;
  for (const at of ["now() + interval '1 year'", "'infinity'", 'now()'])
    await write(
      db,
      `INSERT INTO bot_findings (bot_id, severity, category, title, detected_at) VALUES (${ofBot}, 'low', 'own', 't', ${at})`,
    );
  const { rows } = await sql<{ late: number }>`
    SELECT count(*)::int AS late FROM bot_findings WHERE last_seen_at > engine.now()`.execute(db);
  expect(rows).toEqual([{ late: 0 }]);
  const { id } = await run(engine, 'watch');
  await write(
    db,
    `INSERT INTO bot_findings (bot_id, severity, category, title) VALUES (${ofBot}, 'low', 'own', 'meanwhile')`,
  );
  expect(await readRound(db, [id])).toMatchObject({ findings: [], left_open: 4 });
});

test.each([
  ['times_applied', '-1'],
  ['times_successful', '-1'],
  ['success_rate', '999.99'],
  ['success_rate', '-0.01'],
])('an entry whose %s is %s is refused, and nothing else of such a row', async (column, value) => {
  const { db } = await anEngine(postgres, known);
  const insert = (of: string, to: string) =>
    write(
      db,
      `INSERT INTO bot_knowledge (category, issue_pattern, solution, ${of}) VALUES ('own', 'is broken', 's', ${to})`,
    );
  const said = /may not be below zero, and success_rate is a percentage/;
  await expect(insert(column, value)).rejects.toThrow(said);
  const { id } = await insert(column, '1');
  const set = (what: string) =>
    sql`UPDATE bot_knowledge SET ${sql.raw(what)} WHERE id = ${id}`.execute(db);
  await expect(set(`${column} = ${value}`)).rejects.toThrow(said);
  // As a row of before has it.
  await sql`ALTER TABLE bot_knowledge DISABLE TRIGGER possible_figures_changed`.execute(db);
  await set(`${column} = ${value}`);
  await sql`ALTER TABLE bot_knowledge ENABLE TRIGGER possible_figures_changed`.execute(db);
  await set(`solution = 'changed', ${column} = ${column}`);
});
