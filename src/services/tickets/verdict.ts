/** What a run has found out about the problem of one ticket. */
import type { ExecutionRow } from '../../data/bots/bot-executions.ts';
import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import type { Db } from '../../database/connect.ts';
import { tooFewSince } from '../findings/counted-events.ts';
import { openOrFirstFinding } from '../references/ticket.ts';

/**
 * `clean`: the run looked and did not find it. `failing`: it found it. `too few events`: the run looked, and too few events came
 * since then for its check to tell. `unknown`: the run did not look at it or did not end well; `why` says which.
 */
export type Verdict =
  | { verdict: 'clean' | 'failing' }
  | { verdict: 'too few events'; since: Date }
  | { verdict: 'unknown'; why: string };

/** What a run that has ended has found out about the ticket's problem. */
export async function verdictOn(
  db: Db,
  ticket: TicketRow,
  run: Pick<ExecutionRow, 'id' | 'status' | 'reason' | 'error_message' | 'metadata'>,
): Promise<Verdict> {
  const memory = await db
    .selectFrom('bot_finding_states')
    .select(['states', 'last_execution_id', 'cutoff_at'])
    .where('fingerprint', '=', ticket.fingerprint)
    .executeTakeFirst();
  if (memory?.last_execution_id === run.id)
    return { verdict: memory.states.at(-1) ? 'failing' : 'clean' };
  const finding = await openOrFirstFinding(db, ticket);
  if (finding && !finding.resolved_at && finding.last_execution_id === run.id)
    return { verdict: 'failing' };
  if (run.status !== 'success') {
    const why = run.reason ?? run.error_message;
    return { verdict: 'unknown', why: `the run ended as ${run.status}${why ? `: ${why}` : ''}` };
  }
  const since =
    finding && performed(run.metadata, finding.check_name) && tooFewSince(finding, memory);
  if (since) return { verdict: 'too few events', since };
  if (finding?.resolved_at) return { verdict: 'clean' };
  return { verdict: 'unknown', why: 'the run did not look at it' };
}

/** Whether the run's record says that this check gave an answer. Any version may have written it, so its shape is not known. */
function performed(metadata: unknown, check: string): boolean {
  const { checks } = (metadata ?? {}) as { checks?: unknown };
  return (
    Array.isArray(checks) &&
    checks.some((each) => each?.name === check && ['passed', 'failed'].includes(each.status))
  );
}
