/**
 * `npm run bench:tickets`: what an operator waits for, on 100,000 tickets of which 10,000 are pending: p95 of 200 calls, as a
 * multiple of a bare SELECT by primary key over the same connection, the p95 of which stands beside it. The goal is 50 ms.
 * Then the steps of `tickets review`: from a key to what is painted, the bytes of a step, and the keys for a ticket.
 * BENCH_SIZE=small only shows that each call runs.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, PostgresDialect, sql } from 'kysely';
import { pool, type Database } from '../../src/database/connect.ts';
import { startThrowaway } from '../../src/database/embedded/throwaway.ts';
import { migrateToLatest } from '../../src/database/migrate/migrate.ts';
import { connect } from '../../src/database/connect.ts';
import { stepsOfReview } from './review-steps.ts';
import { overviewOfTickets } from './tickets-calls.ts';
import { inWords, isSmall, sized } from './size.ts';

const goalMs = 50;
const tickets = sized(100_000, 1_000);
const open = tickets / 10;
const calls = sized(200, 5);
const bots = 100;

/** Pending ones are the newest; each fiftieth of them is merged into the one before it. */
async function plant(db: Kysely<Database>): Promise<void> {
  await sql`
    INSERT INTO bots (name, display_name, schedule_cron, api_endpoint)
    SELECT 'bot-' || n, 'Bot', '0 0 * * 1', '/api/bots/none' FROM generate_series(1, ${bots}::int) n`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_findings (bot_id, severity, category, title, affected_component, check_name, component_key, fingerprint,
                              resolved_at, resolution_method)
    SELECT b.id, (ARRAY['critical', 'high', 'medium'])[1 + n % 3], 'c', 'part ' || n || ' is broken', 'part ' || n % 5000,
           'is-well', 'part ' || n, 'f' || n,
           CASE WHEN n <= ${tickets - open}::int THEN now() END, CASE WHEN n <= ${tickets - open}::int THEN 'cleared' END
    FROM generate_series(1, ${tickets}::int) n JOIN bots b ON b.name = 'bot-' || (1 + n % ${bots}::int)`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_tickets (bot_id, finding_id, fingerprint, severity, title, description, status, assigned_to, created_at,
                             respond_by, resolved_at, resolved_by, resolution_notes, metadata)
    SELECT f.bot_id, f.id, f.fingerprint, f.severity, f.title, repeat('it does not answer; ', 20),
           CASE WHEN f.resolved_at IS NOT NULL THEN 'closed' WHEN n.n % 2 = 0 THEN 'assigned' ELSE 'open' END,
           CASE WHEN n.n % 2 = 0 THEN 'ann' END, now() - (${tickets}::int - n.n) * interval '1 minute',
           now() + interval '2 hours', f.resolved_at, CASE WHEN f.resolved_at IS NOT NULL THEN 'roundsman' END,
           CASE WHEN f.resolved_at IS NOT NULL THEN 'It passes.' END,
           jsonb_build_object('check', 'is-well', 'component', f.affected_component)
    FROM bot_findings f CROSS JOIN LATERAL (SELECT substr(f.fingerprint, 2)::int AS n) n ORDER BY n.n`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_ticket_events (ticket_id, event, actor)
    SELECT id, event, 'roundsman' FROM bot_tickets, unnest('{opened,commented,resolved}'::text[]) event`.execute(
    db,
  );
  await sql`
    UPDATE bot_tickets t SET merged_into = s.id FROM bot_tickets s
    WHERE s.number = t.number - 1 AND t.status IN ('open', 'assigned') AND t.number % 50 = 0`.execute(
    db,
  );
  await sql`VACUUM ANALYZE`.execute(db);
}

/** An entry that is suggested on each fifth pending ticket, with heals that were decided. */
async function suggest(db: Kysely<Database>): Promise<void> {
  await sql`
    INSERT INTO bot_knowledge (name, category, issue_pattern, solution, autonomy)
    VALUES ('sweep', 'c', 'part . is broken', 'steps:\n  - remedy: bot.pause', 'suggest')`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_actions (bot_id, heal_id, idempotency_key, fingerprint, component, category, action_type,
                             action_description, remedy, risk, state, success, knowledge_id, taken_at, applied_at, settled_at)
    SELECT b.id, gen_random_uuid(), gen_random_uuid()::text, 'f' || n, 'part ' || n % 5000, 'c', 'bot.pause', 'Pause a bot', 'bot.pause',
           'reversible', CASE WHEN n % 4 = 0 THEN 'relapsed' ELSE 'held' END, n % 4 > 0, k.id,
           now() - n * interval '1 hour', now() - n * interval '1 hour', now() - n * interval '1 hour'
    FROM generate_series(1, 200) n JOIN bots b ON b.name = 'bot-' || (1 + n % ${bots}::int), bot_knowledge k`.execute(
    db,
  );
  await sql`
    INSERT INTO bot_decisions (bot_id, finding_id, knowledge_id, fingerprint, component, category, verdict)
    SELECT f.bot_id, f.id, k.id, f.fingerprint, f.affected_component, f.category, 'suggested'
    FROM bot_findings f, bot_knowledge k WHERE f.resolved_at IS NULL AND substr(f.fingerprint, 2)::int % 5 = 0`.execute(
    db,
  );
}

const p95 = (times: number[]): number =>
  times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1]!;

/** ms of each call; a first one, which is not counted, opens the connection. */
async function time(call: (i: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = -1; i < calls; i += 1) {
    const began = performance.now();
    await call(i + 1);
    if (i >= 0) times.push(performance.now() - began);
  }
  return times;
}

const maxBytes = 2_000;

/** The steps of a review, on connections of its own. */
async function reviewed(): Promise<void> {
  const own = connect(server.url, { max: 6, asService: true });
  try {
    const { times, bytes, keys } = await stepsOfReview(own, sized(60, 6));
    const figures: [string, string, boolean][] = [
      ['key to painted, p95 ms', p95(times).toFixed(1), p95(times) <= goalMs],
      ['bytes a step, most', String(Math.max(...bytes)), Math.max(...bytes) <= maxBytes],
      ['keys for a ticket with a suggestion', String(keys.suggested), keys.suggested <= 1],
      ['keys for one without, beside the prose', String(keys.resolved), keys.resolved <= 3],
    ];
    console.log('\n| review | | |\n|---|---|---|');
    for (const [name, figure, isWithin] of figures) {
      const judged = isSmall ? 'not judged' : isWithin ? 'within its goal' : 'MISSED';
      console.log(`| ${name} | ${figure} | ${judged} |`);
      if (!isSmall && !isWithin) process.exitCode = 1;
    }
  } finally {
    await own.destroy();
  }
}

const server = await startThrowaway(await mkdtemp(join(tmpdir(), 'roundsman-bench-')), {
  fsync: false,
});
const connections = pool(server.url, { max: 1, statementTimeoutMs: 0 });
const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: connections }) });
try {
  await migrateToLatest(db);
  await plant(db);
  await suggest(db);
  await sql`ANALYZE`.execute(db);
  const pending = await db
    .selectFrom('bot_tickets')
    .select(['id', 'number'])
    .where('status', 'in', ['open', 'assigned'])
    .where('merged_into', 'is', null)
    .orderBy(sql`md5(id::text)`)
    .limit(4 * (calls + 1))
    .execute();
  const at = (i: number) => pending[i % pending.length]!;
  const peer = p95(
    await time((i) =>
      db.selectFrom('bot_tickets').selectAll().where('id', '=', at(i).id).execute(),
    ),
  );
  console.log(
    `${inWords(tickets)} tickets, ${inWords(open)} of them pending; p95 of ${calls} calls\n\n| call | ms | times a SELECT by primary key (${peer.toFixed(2)} ms) | goal |\n|---|---|---|---|`,
  );
  for (const [name, call] of overviewOfTickets(db, at)) {
    const ms = p95(await time(call));
    const judged = isSmall ? 'not judged' : ms <= goalMs ? `within ${goalMs} ms` : 'MISSED';
    console.log(`| ${name} | ${ms.toFixed(1)} | ${(ms / peer).toFixed(1)} | ${judged} |`);
    if (!isSmall && ms > goalMs) process.exitCode = 1;
  }
  await reviewed();
} finally {
  await db.destroy();
  await server.stop();
}
