/** How an attempt ends, judged by the outcomes of its checks; and the input and result of the transition that ends it. */
import { examinedCount, type CheckOutcome, type JudgedKeys } from '../tasks/outcome.ts';
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
  /** whether healing has gone through all findings that the run saw */
  healingDone: boolean;
}

/**
 * A run is a success when at least one check passed or failed and none errored. But when the run was stopped by its deadline or
 * because a person asked to cancel it, it ends as `timeout` or `cancelled`, whatever the checks said. A check that has waited in vain
 * for a report ends its run as `timeout`, too.
 */
export function endingOf(
  outcomes: CheckOutcome[],
  stopped: Stop | null,
): Pick<Ending, 'status' | 'reason' | 'error'> {
  if (stopped === 'timeout')
    return { status: 'timeout', reason: 'timeout', error: 'the deadline passed' };
  if (stopped === 'cancelled') return { status: 'cancelled', reason: 'cancelled', error: null };
  const timedOut = outcomes.find((outcome) => 'timedOut' in outcome && outcome.timedOut);
  if (timedOut && 'reason' in timedOut)
    return {
      status: 'timeout',
      reason: 'timeout',
      error: `${timedOut.name}: ${timedOut.reason}`,
    };
  const errored = outcomes.find((outcome) => outcome.status === 'errored');
  if (errored)
    return {
      status: 'failed',
      reason: 'check errored',
      error: `${errored.name}: ${'reason' in errored ? errored.reason : ''}`,
    };
  if (!outcomes.some((outcome) => 'result' in outcome)) return endingOfSkipped(outcomes);
  return { status: 'success', reason: null, error: null };
}

/**
 * How a run ends of which every check was skipped. Where the mode forbade each of them to look, nothing is wrong with the bot, and
 * another attempt would be forbidden too: such a run is skipped. For any other reason it is failed: the bot should have looked.
 */
function endingOfSkipped(outcomes: CheckOutcome[]): Pick<Ending, 'status' | 'reason' | 'error'> {
  const skipped = outcomes.filter((outcome) => 'reason' in outcome);
  const [why, ...others] = new Set(skipped.map(({ reason }) => reason));
  const causes = new Set(skipped.map(({ because }) => because));
  const error = why !== undefined && others.length === 0 ? why : null;
  if (causes.size === 1 && causes.has('kill_switch'))
    return { status: 'skipped', reason: 'kill_switch', error: error ?? 'the mode is off' };
  return {
    status: 'failed',
    reason: 'no checks performed',
    error: `every check was skipped${error === null ? '' : `: ${error}`}`,
  };
}

/** Whether the run ends with this attempt. It gets another one only if this one failed and attempts are left. */
export const isFinal = (run: Run, status: FinalStatus): boolean =>
  status !== 'failed' || run.attempt >= run.maxAttempts;

/** The queue entry of another attempt, without its id. */
export interface Retry {
  generation: number;
  delayMs: number;
  priority: number;
}

/** How the attempt ended, as it was written. */
export interface Finished {
  /** `cancelled` where the attempt failed and the run was asked to stop */
  status: FinalStatus;
  /** open findings that the run saw */
  findings: number;
  /** null when the run has ended */
  retry: Retry | null;
}

/** `countsFindings`: the same transaction records findings, and counts them itself. */
export function finishOf(run: Run, ending: Ending, countsFindings: boolean): Finish {
  return {
    id: run.id,
    fence: run.fence,
    last: isFinal(run, ending.status),
    retry_ms: retryDelayMs(run.attempt),
    status: ending.status,
    reason: ending.reason,
    error_message: ending.error,
    // A run that only judges cures asks a few checks, about a few keys.
    answered: run.trigger !== 'verify' && ending.outcomes.some((outcome) => 'result' in outcome),
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
        ...('reason' in rest
          ? { reason: rest.reason }
          : {
              examined: examinedCount(rest.result),
              findings: rest.result.findings.length,
              ...(rest.result.figures && { figures: rest.result.figures }),
              ...unclearKeysOf(rest.judged),
            }),
      })),
    },
  };
}

/** How many keys of an event check had too few events for a verdict; nothing where all had one. */
function unclearKeysOf(judged: JudgedKeys | undefined): { unclear_keys?: number } {
  const verdicts = [...(judged?.verdicts.values() ?? [])];
  const { length } = verdicts.filter(({ verdict }) => verdict === 'unclear');
  return length > 0 ? { unclear_keys: length } : {};
}

export const finishedOf = ({ status, retry_ms }: Finish, row: FinishedRow): Finished => ({
  status: row.status === 'queued' ? status : row.status,
  findings: row.issues_found,
  retry:
    row.status === 'queued'
      ? { generation: row.generation, delayMs: retry_ms, priority: row.priority }
      : null,
});
