/** What a run did when, from its rows, for its timeline. */
import { counted, duration } from '../terminal/print.ts';
import type { ExecutionRow } from '../../services/runs/list.ts';
import type { Phase } from '../terminal/timeline.ts';

interface SeenFinding {
  execution_id: string | null;
  last_execution_id: string | null;
  detected_at: Date | null;
  last_seen_at: Date;
}

interface TakenAction {
  taken_at: Date | null;
  applied_at: Date | null;
}

type Timed = Pick<
  ExecutionRow,
  | 'id'
  | 'status'
  | 'trigger'
  | 'attempt'
  | 'scheduled_for'
  | 'queued_at'
  | 'started_at'
  | 'completed_at'
  | 'issues_found'
  | 'metadata'
>;

const times = (all: (Date | null)[]): number[] => all.flatMap((at) => (at ? [at.getTime()] : []));

/**
 * The phases of a run in their order; none for a slot that was skipped without a start. Checks run one after the other: they take
 * the sum of their durations, from the start of the last attempt on. Earlier attempts are a part of the phase `queued`.
 */
export function phasesOf(
  run: Timed,
  findings: readonly SeenFinding[],
  actions: readonly TakenAction[],
  now: Date,
): Phase[] {
  if (run.status === 'skipped' && run.attempt === 0) return [];
  const queued = run.queued_at.getTime();
  const ended = run.completed_at?.getTime() ?? null;
  // Until the run starts, started_at holds the time of the claim.
  const started = run.attempt > 0 ? run.started_at.getTime() : null;
  const isOpen = ended === null;
  const phases: Phase[] = [];
  if (run.trigger === 'schedule' && run.scheduled_for)
    phases.push({ name: 'claimed', from: run.scheduled_for.getTime(), until: queued });
  phases.push(queuedPhase(run, queued, started ?? ended ?? now.getTime()));
  if (started === null) return [...phases, endedPhase(ended)];
  phases.push(
    checkedPhase(run, started),
    recordedPhase(run, findings, ended),
    ...healedPhases(actions, isOpen ? now.getTime() : null),
    endedPhase(ended),
  );
  return phases;
}

function queuedPhase({ attempt, status }: Timed, from: number, until: number): Phase {
  const earlier = attempt - 1 + (status === 'queued' ? Math.min(1, attempt) : 0);
  const words = duration(Math.max(0, until - from));
  return {
    name: 'queued',
    from,
    until,
    ...(earlier > 0 && { said: `${words}, with ${counted(earlier, 'earlier attempt')}` }),
  };
}

/** Any version may have written `metadata`, so its shape is not known. */
function checkedPhase({ metadata }: Timed, started: number): Phase {
  const { checks } = (metadata ?? {}) as { checks?: unknown };
  const took = Array.isArray(checks)
    ? checks.map((check) => (check as { ms?: unknown } | null)?.ms)
    : [];
  const isKnown = took.length > 0 && took.every((ms) => typeof ms === 'number');
  const sum = isKnown ? (took as number[]).reduce((total, ms) => total + ms, 0) : null;
  return {
    name: 'checked',
    from: sum === null ? null : started,
    until: sum === null ? null : started + sum,
  };
}

/** Findings keep the last run that saw them; a run that found nothing is recorded with its end. */
function recordedPhase(
  { id, issues_found: found, status }: Timed,
  findings: readonly SeenFinding[],
  ended: number | null,
): Phase {
  const seen = findings.flatMap((finding) => [
    ...(finding.execution_id === id ? times([finding.detected_at]) : []),
    ...(finding.last_execution_id === id ? times([finding.last_seen_at]) : []),
  ]);
  const at =
    seen.length > 0 ? Math.max(...seen) : found === 0 && status === 'success' ? ended : null;
  return { name: 'recorded', from: at, until: at };
}

function healedPhases(actions: readonly TakenAction[], now: number | null): Phase[] {
  const taken = times(actions.map(({ taken_at }) => taken_at));
  if (taken.length === 0) return [];
  const applied = times(actions.map(({ applied_at }) => applied_at));
  const until = now ?? Math.max(...taken, ...applied);
  return [{ name: 'healed', from: Math.min(...taken), until: Math.max(until, ...taken) }];
}

const endedPhase = (ended: number | null): Phase => ({
  name: 'ended',
  from: ended,
  until: ended,
  ...(ended === null && { said: 'not yet' }),
});
