import { sql } from 'kysely';
import type { AnyCheck } from '../contract/event-check.ts';
import { isPending } from '../data/bots/fence.ts';
import type { Db } from '../database/connect.ts';
import { resume } from '../heal/heal.ts';
import type { OpenFinding } from '../heal/finding/open-finding.ts';
import { healEach, healingOf } from './heal.ts';
import type { Engine } from './engine.ts';
import type { CheckOutcome } from './tasks/outcome.ts';
import type { RunContext } from './run-context.ts';

/** What a run with the trigger `verify` has done. */
export interface VerifyResult {
  /** the outcomes of the checks that were asked again */
  outcomes: CheckOutcome[];
  /** findings that are still open */
  open: number;
  /** further steps that this run applied */
  actions: number;
}

/**
 * The work of a run with the trigger `verify`, which does not run its bot's checks. It judges the steps that earlier runs
 * applied and could not judge yet, and goes on with the next step if the check still fails. It begins no heal of its own.
 */
export async function judgeDue(
  engine: Engine,
  context: RunContext,
  checks: AnyCheck<unknown>[],
): Promise<VerifyResult> {
  const outcomes: CheckOutcome[] = [];
  const due = await findDue(engine.db, context.run);
  const healing = healingOf(engine, context, checks, {
    onRecheck: (outcome) => outcomes.push(outcome),
  });
  const { actions, healed } = await healEach(engine, context.run, due, {
    checks,
    healOne: resume,
    healing,
  });
  return { outcomes, open: due.length - healed, actions };
}

/**
 * Open findings with an applied step of an ended run whose `verify_after` or `ask_after` has passed, or with a step
 * that an earlier attempt of this run left behind.
 */
async function findDue(db: Db, { id, bot }: RunContext['run']): Promise<OpenFinding[]> {
  const { rows } = await sql<OpenFinding>`
    SELECT f.id, f.bot_id, f.fingerprint, f.check_name, f.severity, f.category, f.title, f.description,
           f.affected_component, f.component_key, f.metadata
    FROM bot_findings f
    WHERE f.bot_id = ${bot.id}::uuid AND f.resolved_at IS NULL AND EXISTS (
      SELECT FROM bot_actions a LEFT JOIN bot_executions e ON e.id = a.execution_id
      WHERE a.fingerprint = f.fingerprint
        AND (a.state = 'applied' AND coalesce(a.ask_after, a.verify_after) <= engine.now()
               AND coalesce(NOT ${isPending('e')}, true)
             OR a.state IN ('intent', 'applied') AND e.id = ${id}::uuid))`.execute(db);
  return rows;
}
