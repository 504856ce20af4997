import { sql } from 'kysely';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import { readSolution } from '../../catalogue/solution.ts';
import { approvalUsed } from '../../data/bots/bot-decisions.ts';
import type { BotRow } from '../../data/bots/bots.ts';
import { pending } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { botOf } from '../references/named.ts';
import { documentsThatName, type DocumentsThatName } from './documents-that-name.ts';

/** What depends on a bot: numbers of rows, or names. */
export interface BotDependents extends DocumentsThatName {
  queuedRuns: number;
  runningRuns: number;
  openFindings: number;
  openTickets: number;
  silences: number;
  /** steps of heals that are not concluded: begun, or still to be verified or to hold */
  openActions: number;
  /** requested undos that wait for a run of it */
  undos: number;
  /** suggestions that were approved and wait for a run of it */
  approvals: number;
  /** entries of knowledge whose newest decisions were about its findings; they stay */
  knowledge: string[];
  /** entries whose playbook names it: after a rename the playbook would not find it */
  playbooks: string[];
  /** ids of silences in force about a component with the bot's name: they cover what other bots find about this bot */
  namedBySilences: string[];
  /** ids of maintenance windows in force or to come for it: they follow a rename */
  maintenance: string[];
  /** ids of such windows about a component with the bot's name */
  namedByMaintenance: string[];
}

/** How many of the newest decisions are searched for the names of entries. */
const newestDecisions = 1_000;

const count = sql<number>`count(*)::int`;

/** Maintenance windows `m` that are in force or still to come. */
const windowsLeft = sql`bot_maintenance m WHERE upper(m.occurrences) > engine.now()`;

/** A bot by name or id, and what depends on it. Throws NotFoundError. */
export async function showDependents(
  { db, catalogue }: { db: Db; catalogue: Catalogue },
  { bot: given }: { bot: string },
): Promise<{ bot: BotRow; dependents: BotDependents }> {
  const bot = await botOf(db, given);
  return { bot, dependents: await dependentsOf(db, catalogue, bot) };
}

async function dependentsOf(
  db: Db,
  catalogue: Catalogue,
  { id, name }: BotRow,
): Promise<BotDependents> {
  const { rows } = await sql<Omit<BotDependents, 'playbooks' | keyof DocumentsThatName>>`
    SELECT
      (SELECT ${count} FROM bot_executions e WHERE e.bot_id = b.id AND e.status = 'queued') AS "queuedRuns",
      (SELECT ${count} FROM bot_executions e WHERE e.bot_id = b.id AND e.status = 'running') AS "runningRuns",
      (SELECT ${count} FROM bot_findings f WHERE f.bot_id = b.id AND f.resolved_at IS NULL) AS "openFindings",
      (SELECT ${count} FROM bot_tickets t WHERE t.bot_id = b.id AND t.status = ANY (${[...pending]}::text[])) AS "openTickets",
      (SELECT ${count} FROM bot_silences s WHERE s.bot_id = b.id AND s.ended_at IS NULL
         AND (s.until_resolved OR s.expires_at > engine.now())) AS silences,
      (SELECT ${count} FROM bot_actions a
       WHERE a.bot_id = b.id AND a.state IN ('intent', 'applied', 'verified', 'unknown')) AS "openActions",
      (SELECT ${count} FROM bot_actions a
       WHERE a.bot_id = b.id AND a.undo_requested_at IS NOT NULL AND a.state <> 'undone') AS undos,
      (SELECT ${count} FROM bot_decisions d JOIN bot_findings f ON f.id = d.finding_id
       WHERE d.bot_id = b.id AND d.verdict <> 'shadowed' AND d.answer = 'approved' AND f.resolved_at IS NULL
         AND NOT ${approvalUsed('d')}) AS approvals,
      ARRAY(SELECT k.name FROM bot_knowledge k WHERE k.removed_at IS NULL AND k.id IN (
              SELECT d.knowledge_id FROM bot_decisions d WHERE d.bot_id = b.id ORDER BY d.id DESC LIMIT ${newestDecisions})
            ORDER BY k.name) AS knowledge,
      ARRAY(SELECT s.id::text FROM bot_silences s WHERE s.component = b.name AND s.ended_at IS NULL
              AND (s.until_resolved OR s.expires_at > engine.now()) ORDER BY s.created_at) AS "namedBySilences",
      ARRAY(SELECT m.id::text FROM ${windowsLeft} AND b.id = ANY (m.bot_ids) ORDER BY m.created_at) AS maintenance,
      ARRAY(SELECT m.id::text FROM ${windowsLeft} AND b.name = ANY (m.components) ORDER BY m.created_at) AS "namedByMaintenance"
    FROM bots b WHERE b.id = ${id}::uuid`.execute(db);
  return {
    ...rows[0]!,
    playbooks: await playbooksNaming(db, catalogue, name),
    ...(await documentsThatName(db, name)),
  };
}

/** Entries with a step whose parameter `bot` is this name. */
async function playbooksNaming(db: Db, catalogue: Catalogue, name: string): Promise<string[]> {
  const entries = await db
    .selectFrom('bot_knowledge')
    .select(['name', 'solution'])
    .where('removed_at', 'is', null)
    .where(sql<boolean>`strpos(solution, ${name}) > 0 AND strpos(solution, 'bot') > 0`)
    .orderBy('name')
    .execute();
  const names = (solution: string) => {
    const read = readSolution(solution, catalogue);
    return (
      read.kind === 'playbook' &&
      read.steps.some(({ params }) => (params as { bot?: unknown } | null)?.bot === name)
    );
  };
  return entries.filter(({ solution }) => names(solution)).map((entry) => entry.name);
}
