import type { Healing, Patient } from './heal.ts';
import { readSolution, type Step } from './playbook.ts';
import type { Unfinished } from './apply.ts';

export interface Adopted {
  action: Unfinished;
  /** null when the entry or its playbook changed meanwhile: then it can only be verified */
  step: Step | null;
}

/**
 * An unfinished action of this fingerprint that nobody works on any more: an attempt of this run, or a
 * run that has ended, left it behind. An action in state `unknown` is never taken up again.
 */
export async function findAbandoned(
  { db, catalogue }: Healing,
  runId: string,
  finding: Patient,
): Promise<Adopted | null> {
  const action = await db
    .selectFrom('bot_actions as a')
    .leftJoin('bot_executions as e', 'e.id', 'a.execution_id')
    .leftJoin('bot_knowledge as k', 'k.id', 'a.knowledge_id')
    .select(['a.id', 'a.knowledge_id', 'a.applied_at', 'a.step', 'k.solution'])
    .where('a.fingerprint', '=', finding.fingerprint)
    .where('a.state', 'in', ['intent', 'applied'])
    .where((where) =>
      where.or([
        where('e.id', '=', runId),
        where('e.id', 'is', null),
        where('e.status', 'not in', ['queued', 'running']),
      ]),
    )
    .executeTakeFirst();
  if (!action) return null;
  const solution = readSolution(action.solution ?? '', catalogue);
  const step = solution.kind === 'playbook' ? (solution.steps[action.step] ?? null) : null;
  return { action, step };
}
