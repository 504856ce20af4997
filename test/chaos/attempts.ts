/** Reads from the audit which worker executed each run at what time, and how each attempt ended. */
import type { RunWrite } from './audit.ts';

/** One attempt of a run, from its start to the write that ended it. */
export interface Attempt {
  run: string;
  bot: string;
  fence: number;
  /** the post whose worker executed it */
  post: string;
  from: number;
  to: number;
  /** the status of the run after this attempt, and its reason */
  status: string;
  reason: string | null;
  /** when the run was running again after this attempt; null when it never was */
  againAt: number | null;
}

export interface History {
  attempts: Attempt[];
  violations: string[];
}

const isFinal = (status: string | null) =>
  status !== null && status !== 'queued' && status !== 'running';

/** Whether a rescue made this write, because the lease of the run had run out. */
const isTakenOver = ({ old_status, reason, status }: RunWrite) =>
  old_status === 'running' &&
  status !== 'running' &&
  (reason === 'worker lost' || reason === 'cancelled');

/**
 * Reads the audit in order and lists what breaks the protocol: a run that was finished twice or written after its end,
 * two workers with one run at once, a fence that did not grow, a write by a process that does not have the lease, a run
 * that was taken from a worker whose lease had not run out.
 *
 * @param postOfWorker the post of a worker, by the name under which it leases runs
 * @param postAt the post of a process, by the address from which it connects
 */
export function readHistory(
  written: RunWrite[],
  postOfWorker: (worker: string) => string,
  postAt: (address: string) => string | undefined,
): History {
  const attempts: Attempt[] = [];
  const violations: string[] = [];
  const current = new Map<string, Attempt>();
  const last = new Map<string, Attempt>();

  for (const row of written) {
    const { run, old_status, status, at } = row;
    const report = (what: string) =>
      violations.push(`run ${run}: ${what} (audit ${row.seq}, at ${new Date(at).toISOString()})`);
    if (isFinal(old_status)) report(`written as ${status} after it had ended as ${old_status}`);
    const leased = current.get(run);
    if (isTakenOver(row) && row.reason === 'worker lost' && row.old_lease! > at)
      report(
        `taken over from ${leased?.post} ${Math.round(row.old_lease! - at)} ms before its lease ran out`,
      );
    const writer = row.writer === null ? undefined : postAt(row.writer);
    if (old_status === 'running' && leased && !isTakenOver(row) && writer && writer !== leased.post)
      report(`leased to ${leased.post} with fence ${leased.fence}, but ${writer} wrote ${status}`);

    if (status === 'running' && old_status !== 'running') {
      if (old_status !== 'queued') report(`started from ${old_status}`);
      const fence = Number(row.fence);
      const before = last.get(run);
      if (before && fence <= before.fence) report(`fence ${fence} after fence ${before.fence}`);
      const post = postOfWorker(row.worker!);
      const attempt = {
        run,
        bot: row.bot,
        fence,
        post,
        from: at,
        to: Infinity,
        status,
        reason: null,
        againAt: null,
      };
      if (before) before.againAt ??= at;
      attempts.push(attempt);
      current.set(run, attempt);
      last.set(run, attempt);
    } else if (status === 'running' && row.fence !== row.old_fence) {
      report(`fence ${row.old_fence} became ${row.fence} while it was running`);
    } else if (old_status === 'running' && status !== 'running') {
      if (leased) Object.assign(leased, { to: at, status, reason: row.reason });
      current.delete(run);
    }
  }
  return { attempts, violations };
}
