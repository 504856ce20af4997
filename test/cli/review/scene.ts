/** Tickets as a review meets them: one with all that there may be to know, and plain ones behind it. */
import { sql } from 'kysely';
import type { Db } from '../../../src/database/connect.ts';
import { insertAction, insertDecision, insertKnowledge, steps } from '../known.ts';
import { ago, insertBot, insertFinding, insertTicket } from '../rows.ts';

export async function clear(db: Db): Promise<void> {
  await sql`TRUNCATE bots, bot_knowledge, bot_silences CASCADE`.execute(db);
}

export interface Scene {
  bot: string;
  /** critical, with a suggestion that can be undone: `T-1` */
  rich: string;
  finding: string;
  /** its entry */
  knowledge: string;
  /** high ones without one, in the order in which they come */
  plain: string[];
}

/** A day in minutes. */
const day = 1440;

export async function plantScene(db: Db, plain = 3): Promise<Scene> {
  await clear(db);
  const bot = await insertBot(db, 'watch');
  const finding = await insertFinding(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    severity: 'critical',
    affected_component: '/v1/login',
    check_name: 'sessions',
  });
  await sql`
    INSERT INTO bot_finding_states (fingerprint, bot_id, check_name, component_key, states, last_fence)
    VALUES ('fp', ${bot}::uuid, 'sessions', 'k', '{f,f,t,f,t,t}', 1)`.execute(db);
  const rich = await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    finding_id: finding,
    severity: 'critical',
    occurrences: 14,
    created_at: ago(3 * day),
    respond_by: ago(12),
    description: 'sessions pile up: 900 of them are older than a week',
    metadata: JSON.stringify({ check: 'sessions', component: '/v1/login', older: 900 }),
  });
  const knowledge = await insertKnowledge(db, 'sweep', {
    solution: steps('bot.pause'),
    half_life_days: 100_000,
  });
  await insertDecision(db, { bot, finding, knowledge });
  for (let held = 0; held < 7; held++)
    await insertAction(db, bot, 'held', 9 * day, { knowledge_id: knowledge });
  await insertAction(db, bot, 'relapsed', 3 * day + 5, { knowledge_id: knowledge });
  await insertAction(db, bot, 'relapsed', 8 * day, { knowledge_id: knowledge });
  await insertAction(db, bot, 'failed', 60, {
    fingerprint: 'fp',
    action_description: 'Restart the pool',
  });
  await insertTicket(db, bot, 'sessions pile up', {
    fingerprint: 'fp',
    status: 'resolved',
    resolved_at: ago(9 * day),
    resolved_by: 'ann',
    resolution_notes: 'swept by hand',
    metadata: JSON.stringify({ check: 'sessions', component: '/v1/login' }),
  });
  const numbers: string[] = [];
  for (let at = 0; at < plain; at += 1) {
    const title = `disk ${at + 1} is full`;
    const of = await insertFinding(db, bot, title, { fingerprint: `plain-${at}` });
    numbers.push(
      await insertTicket(db, bot, title, {
        fingerprint: `plain-${at}`,
        finding_id: of,
        created_at: ago(60 - at),
      }),
    );
  }
  return { bot, rich, finding, knowledge, plain: numbers };
}

export const ticketRow = (db: Db, name: string) =>
  db
    .selectFrom('bot_tickets')
    .selectAll()
    .where('number', '=', name.slice('T-'.length))
    .executeTakeFirstOrThrow();

export const eventsOf = async (db: Db, name: string): Promise<string[]> => {
  const { id } = await ticketRow(db, name);
  const rows = await db
    .selectFrom('bot_ticket_events')
    .select(['event', 'actor'])
    .where('ticket_id', '=', id)
    .orderBy('id')
    .execute();
  return rows.map(({ event, actor }) => `${actor} ${event}`);
};
