import { sql, type Selectable } from 'kysely';
import type { Database, Db } from '../../database/connect.ts';
import {
  quietColumns,
  severityRank,
  ticketColumn,
  type StandingTicket,
  type Suppressor,
} from '../../data/bots/bot-findings.ts';
import type { Silence } from '../../data/bots/bot-silences.ts';
import { pending, stormFor } from '../../data/bots/pending-tickets.ts';

/** With the reason why people are not told of it, and the ticket that stands for it. */
export type SeenFinding = Selectable<Database['bot_findings']> & {
  bot_silences: Silence[];
  suppressor: Suppressor | null;
  ticket: StandingTicket | null;
};

/** What several runs did, as rows of their tables. */
export interface Round {
  executions: Selectable<Database['bot_executions']>[];
  /** the findings that these runs saw, and those that are open since the runs began; the worst first */
  findings: SeenFinding[];
  /** the number of open findings of these bots that these runs did not see: they may still be there */
  left_open: number;
  actions: Selectable<Database['bot_actions']>[];
  /** what the newest decisions about the open ones of these findings say, by verdict: how many findings */
  verdicts: Record<string, number>;
  /** the tickets of these findings, and those of the storms that stand for them */
  tickets: Selectable<Database['bot_tickets']>[];
}

/** `IN ()` is not valid SQL. */
const none = '00000000-0000-0000-0000-000000000000';

/** Reads what the runs with these ids did. The rows are in the order in which a person reads them. */
export async function readRound(db: Db, executionIds: string[]): Promise<Round> {
  if (executionIds.length === 0)
    return { executions: [], findings: [], left_open: 0, actions: [], verdicts: {}, tickets: [] };
  const executions = await db
    .selectFrom('bot_executions')
    .selectAll()
    .where('id', 'in', executionIds)
    .orderBy('started_at')
    .orderBy('id')
    .execute();
  const bots = executions.flatMap(({ bot_id }) => bot_id ?? []);
  const began = executions[0]?.started_at ?? new Date();
  const findings = await db
    .selectFrom('bot_findings')
    .selectAll()
    .select(quietColumns('bot_findings'))
    .select(ticketColumn('bot_findings'))
    .where((where) =>
      where.or([
        where('last_execution_id', 'in', executionIds),
        // Another run of the same bot may have seen it again meanwhile.
        where.and([
          where('bot_id', 'in', bots),
          where('resolved_at', 'is', null),
          where('last_seen_at', '>=', began),
        ]),
      ]),
    )
    .orderBy(severityRank('severity'))
    .orderBy('title')
    .execute();
  const actions = await db
    .selectFrom('bot_actions')
    .selectAll()
    .where('execution_id', 'in', executionIds)
    .orderBy('taken_at')
    .orderBy('step')
    .execute();
  const { left_open } = await db
    .selectFrom('bot_findings')
    .select(({ fn }) => fn.countAll<number>().as('left_open'))
    .where('bot_id', 'in', bots)
    .where('resolved_at', 'is', null)
    .where('id', 'not in', findings.map(({ id }) => id).concat(none))
    .executeTakeFirstOrThrow();
  const open = findings.filter(({ resolved_at }) => !resolved_at).map(({ id }) => id);
  const verdicts = await countVerdicts(db, open);
  const fingerprints = findings.flatMap(({ fingerprint, bot_id }) => [
    fingerprint,
    stormFor(bot_id!),
  ]);
  const tickets =
    fingerprints.length === 0
      ? []
      : await db
          .selectFrom('bot_tickets')
          .selectAll()
          .where('fingerprint', 'in', fingerprints)
          .where('status', 'in', pending)
          .orderBy(severityRank('severity'))
          .orderBy('number')
          .execute();
  return { executions, findings, left_open: Number(left_open), actions, verdicts, tickets };
}

/** A finding counts once a verdict, whatever number of entries got it. */
async function countVerdicts(db: Db, findings: string[]): Promise<Record<string, number>> {
  const { rows } = await sql<{ verdict: string; count: number }>`
    SELECT verdict, count(DISTINCT finding_id)::int AS count FROM (
      SELECT DISTINCT ON (finding_id, knowledge_id) finding_id, verdict FROM bot_decisions
      WHERE finding_id = ANY (${findings}::uuid[]) ORDER BY finding_id, knowledge_id, id DESC
    ) newest GROUP BY verdict`.execute(db);
  return Object.fromEntries(rows.map(({ verdict, count }) => [verdict, count]));
}
