/**
 * Effects outside of the database that were begun and have no recorded result: their remedies are asked whether they
 * happened.
 */
import { sql } from 'kysely';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Db } from '../database/connect.ts';
import { currentMode, healsIn } from '../data/bots/engine.ts';
import { LostRunError, type Fenced } from '../data/bots/fence.ts';
import { isFault } from '../database/faults/fault-behind.ts';
import { retryFaults } from '../database/faults/retry-faults.ts';
import { messageOf } from '../ground/errors.ts';
import { writeDoubt } from './outside.ts';
import type { TargetFinding } from './finding/open-finding.ts';
import type { Action, Effect, HealContext } from './heal-context.ts';
import { readSolution, type Step } from '../catalogue/solution.ts';
import { restoreParams, whyParamsLost } from './with-secrets.ts';

/** An action that a run left behind unfinished. */
export interface Abandoned extends Action {
  remedy: string;
  /** contains `begun` and the parameters when an effect outside may have happened */
  evidence: unknown;
}

type AskContext = Pick<HealContext, 'db' | 'catalogue' | 'signal' | 'effect' | 'leftMs'>;

/**
 * Asks the remedy whether an effect outside happened although its record is missing, with the parameters with which the
 * effect was begun. If it happened, records that and returns the time; otherwise returns `not applied`, or null when it
 * is not known, or when another run continues the action. An effect inside the database always has its record, because
 * both commit together.
 */
export async function askWhetherApplied(
  asking: AskContext,
  { id, fence }: Fenced,
  finding: TargetFinding,
  action: Abandoned,
  step: Step | undefined,
): Promise<Date | null | 'not applied'> {
  const { db, catalogue } = asking;
  const run = { id, fence };
  const remedy = catalogue.remedy(action.remedy);
  const kept = action.evidence as { begun?: boolean; params?: unknown } | null;
  const begun = kept?.begun === true;
  if (!remedy?.outside && !begun) return 'not applied';
  if (!remedy?.outside) {
    await writeDoubt(
      db,
      { run, action },
      `${action.remedy} no longer exists: it is not known whether it was done`,
      asking,
    );
    return null;
  }
  if (!begun && !step) return 'not applied';
  const params = begun ? restoreParams(kept?.params, step?.params) : step?.params;
  if (begun && params === null && kept?.params !== null) {
    await writeDoubt(db, { run, action }, whyParamsLost, asking);
    return null;
  }
  const verifyAfter = step?.verifyAfter ?? null;
  const effect = { run, finding, action, remedy: action.remedy, params, verifyAfter };
  try {
    const applied = await askOutside(asking, effect);
    if (applied) return applied === 'off' ? null : applied;
  } catch (error) {
    if (error instanceof LostRunError) throw error;
    // The run was stopped while it asked, or a fault stopped the question: the next run asks again.
    if (asking.signal.aborted || isFault(error)) return null;
    await writeDoubt(db, { run, action }, `asked whether it was done: ${messageOf(error)}`, asking);
  }
  const intent = await db
    .selectFrom('bot_actions')
    .select('id')
    .where('id', '=', action.id)
    .where('state', '=', 'intent')
    .where('execution_id', '=', id)
    .executeTakeFirst();
  return intent ? 'not applied' : null;
}

/**
 * Asks a remedy whether an effect happened, and asks again after a fault. Under the kill switch (`off`) remedies
 * outside are not even asked; the intent waits.
 */
export const askOutside = (
  asking: Pick<AskContext, 'db' | 'signal' | 'effect' | 'leftMs'>,
  effect: Effect,
): Promise<Date | null | 'off'> =>
  retryFaults(asking, async () =>
    healsIn(await currentMode(asking.db)) ? asking.effect({ ...effect, ask: true }) : 'off',
  );

/**
 * Before any check runs: asks about every effect that earlier runs of this bot have begun and left behind. An effect that
 * happened becomes `applied`, and the check then judges it; one that did not happen becomes an intent again that was not
 * begun. Without this, a clean result would look like a problem that went away by itself.
 */
export async function askAboutBegunEffects(
  asking: AskContext,
  run: Fenced,
  botId: string,
): Promise<void> {
  const { db, catalogue, signal } = asking;
  for (const { solution, ...action } of await findBegun(db, run, botId)) {
    if (signal.aborted) return;
    await askWhetherApplied(asking, run, action, action, stepOf(catalogue, action, solution));
  }
}

/** The step of the entry, if it still calls the remedy that was intended. */
function stepOf(catalogue: Catalogue, { remedy, step }: Abandoned, solution: string | null) {
  const read = solution === null ? null : readSolution(solution, catalogue);
  const current = read?.kind === 'playbook' ? read.steps[step] : undefined;
  return current?.remedy.name === remedy ? current : undefined;
}

async function findBegun(db: Db, run: Fenced, botId: string) {
  const { rows } = await sql<Abandoned & TargetFinding & { solution: string | null }>`
    SELECT a.id, a.heal_id, a.knowledge_id, a.step, a.applied_at, a.remedy, a.evidence, a.fingerprint,
           coalesce(a.component, '') AS affected_component, coalesce(f.component_key, a.component, '') AS component_key,
           f.metadata, k.solution
    FROM bot_actions a
    LEFT JOIN bot_executions e ON e.id = a.execution_id
    LEFT JOIN bot_findings f ON f.id = a.finding_id
    LEFT JOIN bot_knowledge k ON k.id = a.knowledge_id
    WHERE a.bot_id = ${botId}::uuid AND a.state = 'intent' AND a.evidence ? 'begun'
      AND (e.id IS NULL OR e.id = ${run.id}::uuid OR e.status NOT IN ('queued', 'running'))
    ORDER BY a.taken_at, a.id`.execute(db);
  return rows;
}
