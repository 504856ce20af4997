/**
 * Rows that cannot be adopted without inventing data. Each difference says how many there are, names one of them, and
 * says what to do. Adoption itself never changes a documented value.
 */
import { sql, type Transaction } from 'kysely';
import { severities } from '../../ground/severity.ts';
import { counted } from '../../ground/text.ts';
import { endedExecutions, executionStatuses } from '../execution-statuses.ts';
import { scratch } from './differences.ts';
import { chainRule, creditsRule } from './ledger.ts';
import type { RowRule } from './row-rule.ts';
import { tryInSavepoint } from './try-in-savepoint.ts';

const resolutionMethods = ['auto-fixed', 'manual', 'escalated', 'cleared', 'unreported'];
const notIn = (column: string, words: readonly string[]) =>
  `t.${column} NOT IN (${words.map((word) => `'${word}'`).join(', ')})`;

const vocabulary = (table: string, column: string, words: readonly string[]): RowRule => ({
  table,
  column,
  wrong: `(${notIn(column, words)}) IS NOT FALSE`,
  why: `is not one of ${words.join(', ')}`,
  mend: 'say which it is',
});

const withoutBot = (table: string): RowRule => ({
  table,
  column: 'bot_id',
  wrong: 't.bot_id IS NULL',
  why: 'is missing',
  mend: 'say whose it is, or delete it',
});

const tooManyMembers = (table: string, members: string, column: string): RowRule => ({
  table,
  column: 'max_members',
  wrong: `(SELECT count(*) FROM public.${members} m WHERE m.${column} = t.id) > t.max_members`,
  why: 'is below the number of members',
  mend: `UPDATE ${table} t SET max_members = (SELECT count(*) FROM ${members} m WHERE m.${column} = t.id) WHERE max_members < (SELECT count(*) FROM ${members} m WHERE m.${column} = t.id)`,
  alsoReads: [members],
});

const botNameForm = '^[a-z0-9][a-z0-9-]*$';

const rules: RowRule[] = [
  {
    table: 'bots',
    column: 'name',
    wrong: `t.name !~ '${botNameForm}'`,
    why: 'is not lower-case letters, digits and hyphens, and it is what commands call the bot',
    mend: `UPDATE bots SET name = trim(both '-' from regexp_replace(lower(name), '[^a-z0-9]+', '-', 'g')) WHERE name !~ '${botNameForm}'`,
  },
  vocabulary('bots', 'status', ['active', 'paused', 'disabled', 'error']),
  {
    table: 'bots',
    column: 'total_runs, successful_runs or failed_runs',
    wrong: '(t.total_runs >= 0 AND t.successful_runs >= 0 AND t.failed_runs >= 0) IS NOT TRUE',
    why: 'is missing or below zero',
    mend: 'UPDATE bots SET total_runs = greatest(total_runs, 0), successful_runs = greatest(successful_runs, 0), failed_runs = greatest(failed_runs, 0)',
  },
  withoutBot('bot_executions'),
  {
    table: 'bot_executions',
    column: 'status',
    wrong: "t.status IN ('queued', 'running')",
    why: 'says that the run has not ended, and Roundsman would start it again',
    mend: "stop what runs the bots, then UPDATE bot_executions SET status = 'failed', completed_at = coalesce(completed_at, now()) WHERE status IN ('queued', 'running')",
  },
  {
    ...vocabulary('bot_executions', 'status', [...endedExecutions]),
    wrong: notIn('status', [...executionStatuses]),
  },
  {
    table: 'bot_executions',
    column: 'completed_at',
    wrong: "t.completed_at IS NULL AND t.status NOT IN ('queued', 'running')",
    why: 'is missing, and the run has ended',
    mend: "UPDATE bot_executions SET completed_at = started_at + coalesce(execution_time_ms, 0) * interval '1 ms' WHERE completed_at IS NULL AND status NOT IN ('queued', 'running')",
  },
  withoutBot('bot_findings'),
  vocabulary('bot_findings', 'severity', severities),
  {
    ...vocabulary('bot_findings', 'resolution_method', resolutionMethods),
    wrong: notIn('resolution_method', resolutionMethods),
  },
  {
    table: 'bot_findings',
    column: 'resolution_method',
    wrong: 't.resolution_method IS NULL AND t.resolved_at IS NOT NULL',
    why: 'is missing, and the finding is resolved',
    mend: "UPDATE bot_findings SET resolution_method = 'cleared' WHERE resolution_method IS NULL AND resolved_at IS NOT NULL",
  },
  {
    table: 'bot_findings',
    column: 'resolution_method',
    wrong: 't.resolution_method IS NOT NULL AND t.resolved_at IS NULL',
    why: 'is given, and the finding is open',
    mend: 'UPDATE bot_findings SET resolution_method = NULL WHERE resolved_at IS NULL',
  },
  withoutBot('bot_actions'),
  withoutBot('bot_tickets'),
  vocabulary('bot_tickets', 'severity', severities),
  vocabulary('bot_tickets', 'status', ['open', 'assigned', 'resolved', 'closed']),
  {
    table: 'bot_tickets',
    column: 'assigned_to',
    wrong: "t.assigned_to IS NOT NULL AND t.status = 'open'",
    why: 'is given, and the ticket is open: open means that it is assigned to no person',
    mend: "UPDATE bot_tickets SET status = 'assigned' WHERE assigned_to IS NOT NULL AND status = 'open'",
  },
  {
    table: 'bot_tickets',
    column: 'assigned_to',
    wrong: "t.assigned_to IS NULL AND t.status = 'assigned'",
    why: 'is missing, and the ticket is assigned',
    mend: "UPDATE bot_tickets SET status = 'open' WHERE assigned_to IS NULL AND status = 'assigned'",
  },
  {
    table: 'bot_tickets',
    column: 'resolved_at',
    wrong: "t.resolved_at IS NULL AND t.status IN ('resolved', 'closed')",
    why: 'is missing, and the ticket has ended',
    mend: "UPDATE bot_tickets SET resolved_at = coalesce(updated_at, now()) WHERE resolved_at IS NULL AND status IN ('resolved', 'closed')",
  },
  {
    table: 'bot_tickets',
    column: 'resolved_at',
    wrong: "t.resolved_at IS NOT NULL AND t.status IN ('open', 'assigned')",
    why: 'is given, and the ticket has not ended',
    mend: "UPDATE bot_tickets SET resolved_at = NULL WHERE status IN ('open', 'assigned')",
  },
  {
    table: 'bot_tickets',
    column: 'resolution_notes',
    wrong: "t.resolution_notes IS NULL AND t.status = 'resolved'",
    why: 'is missing, and the ticket is resolved',
    mend: "UPDATE bot_tickets SET status = 'closed' WHERE resolution_notes IS NULL AND status = 'resolved'",
  },
  {
    table: 'bot_tickets',
    column: 'finding_id',
    wrong:
      "t.status IN ('open', 'assigned') AND EXISTS (SELECT FROM public.bot_tickets o WHERE o.finding_id = t.finding_id AND o.bot_id = t.bot_id AND o.status IN ('open', 'assigned') AND o.id <> t.id)",
    why: 'has another open ticket, and a problem has one at most',
    mend: 'close all but one',
  },
  {
    table: 'bot_knowledge',
    column: 'issue_pattern',
    wrong: 'length(t.issue_pattern) NOT BETWEEN 3 AND 512',
    why: 'is not 3 to 512 characters long',
    mend: 'give it a pattern, or delete the entry',
  },
  {
    table: 'javari_projects',
    column: 'parent_project_id',
    wrong:
      'EXISTS (SELECT FROM public.javari_projects p WHERE p.id = t.parent_project_id AND p.user_id IS DISTINCT FROM t.user_id)',
    why: 'is a project of another user',
    mend: 'UPDATE javari_projects t SET parent_project_id = NULL FROM javari_projects p WHERE p.id = t.parent_project_id AND p.user_id IS DISTINCT FROM t.user_id',
  },
  {
    table: 'javari_projects',
    column: 'parent_project_id',
    wrong: `t.parent_project_id IS NOT NULL AND EXISTS (
      WITH RECURSIVE above AS (
        SELECT t.parent_project_id AS id
        UNION SELECT p.parent_project_id FROM above JOIN public.javari_projects p ON p.id = above.id)
      SELECT FROM above WHERE id = t.id)`,
    why: 'lies below the project itself',
    mend: 'set it to NULL in one project of each circle',
  },
  tooManyMembers('organizations', 'organization_members', 'organization_id'),
  tooManyMembers('support_groups', 'group_members', 'group_id'),
  chainRule,
  creditsRule,
];

/** The words that the document's comments allow, taken from the checks in scratch. */
async function vocabularies(trx: Transaction<any>): Promise<RowRule[]> {
  const { rows } = await sql<{ table: string; column: string; condition: string; text: string }>`
    SELECT relname AS "table", attname AS "column", pg_get_expr(conbin, conrelid) AS condition,
           pg_get_constraintdef(c.oid) AS text
    FROM pg_constraint c JOIN pg_class t ON t.oid = conrelid
    JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
    WHERE relnamespace = ${scratch}::regnamespace AND contype = 'c' AND convalidated
    ORDER BY 1, 2`.execute(trx);
  return rows.map(({ table, column, condition, text }) => ({
    table,
    column,
    wrong: `NOT (${condition})`,
    why: `is not one of ${[...text.matchAll(/'([^']*)'/g)].map(([, word]) => word).join(', ')}`,
    mend: 'say which it is',
  }));
}

/**
 * Runs the rules on `readable` tables, and returns a difference for each rule that rows break. `sound` are the tables
 * that are as documented. On another table a rule may fail, for example because its column is missing: that failure is
 * ignored, because what the table lacks is a difference of its own.
 */
export async function wrongRows(
  trx: Transaction<any>,
  { readable, sound }: { readable: Set<string>; sound: Set<string> },
): Promise<string[]> {
  const found: string[] = [];
  for (const rule of [...(await vocabularies(trx)), ...rules]) {
    const tables = [rule.table, ...(rule.alsoReads ?? [])];
    if (!tables.every((each) => readable.has(each))) continue;
    const checked = await tryInSavepoint(trx, () => checkRule(trx, rule));
    if (!checked.ok && tables.every((each) => sound.has(each))) throw checked.error;
    if (checked.ok && checked.result !== null) found.push(checked.result);
  }
  return found;
}

/** The difference if rows break this rule, else null. */
async function checkRule(trx: Transaction<any>, rule: RowRule): Promise<string | null> {
  const { table, column, wrong, why, mend } = rule;
  const { rows } = await sql
    .raw<{ count: number; example: string | null }>(
      `SELECT count(*)::int AS count, min(id::text) AS example FROM public.${table} t WHERE ${wrong}`,
    )
    .execute(trx);
  const { count, example } = rows[0]!;
  if (count === 0) return null;
  return `${table}: ${column} ${why}, in ${counted(count, 'row')}, such as ${example} (${mend})`;
}
