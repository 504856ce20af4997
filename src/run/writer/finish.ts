/**
 * How an attempt ends, from the outcomes of its checks: as the transition takes it, and what the transition returns.
 */
import type { CheckOutcome } from '../tasks/outcome.ts';
import { retryDelayMs } from '../../data/bots/retry-delay.ts';
import type { Stop } from '../../children/protocol.ts';
import type { FinalStatus, Finish, FinishedRow } from '../../transitions/runs/finish.ts';
import type { Run } from './run.ts';

/** How an attempt ended, before it is known whether another attempt is left. */
export interface Ending {
  status: FinalStatus;
  reason: string | null;
  error: string | null;
  outcomes: CheckOutcome[];
  findings: number;
  actions: number;
  /** whether healing has looked at all that the run saw */
  healingDone: boolean;
}

/**
 * A run is a success when at least one check passed or failed and none errored. `timeout` and
 * `cancelled` come from outside and win over what the checks said.
 */
export function endingOf(
  outcomes: CheckOutcome[],
  stopped: Stop | null,
): Pick<Ending, 'status' | 'reason' | 'error'> {
  if (stopped === 'timeout')
    return { status: 'timeout', reason: 'timeout', error: 'the deadline passed' };
  if (stopped === 'cancelled') return { status: 'cancelled', reason: 'cancelled', error: null };
  const errored = outcomes.find((outcome) => outcome.status === 'errored');
  if (errored)
    return {
      status: 'failed',
      reason: 'check errored',
      error: `${errored.name}: ${'reason' in errored ? errored.reason : ''}`,
    };
  if (!outcomes.some((outcome) => 'result' in outcome))
    return { status: 'failed', reason: 'no checks performed', error: 'every check was skipped' };
  return { status: 'success', reason: null, error: null };
}

/** Whether this ending is the run's last: it is not only when the attempt failed and attempts are left. */
export const isFinal = (run: Run, status: FinalStatus): boolean =>
  status !== 'failed' || run.attempt >= run.maxAttempts;

/** A retry's queue entry without its id. */
export interface Retry {
  generation: number;
  delayMs: number;
  priority: number;
}

export interface Finished {
  /** `cancelled` where the attempt failed and the run was asked to stop */
  status: FinalStatus;
  /** open findings that the run saw */
  findings: number;
  /** null when the run has ended */
  retry: Retry | null;
}

export function finishOf(run: Run, ending: Ending, countsFindings: boolean): Finish {
  return {
    id: run.id,
    fence: run.fence,
    last: isFinal(run, ending.status),
    retry_ms: retryDelayMs(run.attempt),
    status: ending.status,
    reason: ending.reason,
    error_message: ending.error,
    // A run that only judges asks a few checks again, about a few keys.
    looked: run.trigger !== 'verify' && ending.outcomes.some((outcome) => 'result' in outcome),
    healing_done: ending.healingDone,
    checks_performed: ending.outcomes.filter((outcome) => 'result' in outcome).length,
    issues_found: countsFindings ? null : ending.findings,
    actions_taken: ending.actions,
    metadata: {
      checks: ending.outcomes.map(({ name, title, status, ms, ...rest }) => ({
        name,
        title,
        status,
        ms,
        ...('reason' in rest ? { reason: rest.reason } : { findings: rest.result.findings.length }),
      })),
    },
  };
}

export const finishedOf = ({ status, retry_ms }: Finish, row: FinishedRow): Finished => ({
  status: row.status === 'queued' ? status : row.status,
  findings: row.issues_found,
  retry:
    row.status === 'queued'
      ? { generation: row.generation, delayMs: retry_ms, priority: row.priority }
      : null,
});
