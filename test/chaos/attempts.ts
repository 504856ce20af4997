/** What the audit says about each run: who held it when, and how it lost it. */
import type { Written } from './audit.ts';

/** From a start to whatever ended it. */
export interface Attempt {
  run: string;
  bot: string;
  fence: number;
  /** the post that carried it */
  post: string;
  from: number;
  to: number;
  /** what it became, and why */
  status: string;
  reason: string | null;
  /** when the run was running again after this attempt; null when it never was */
  againAt: number | null;
}

export interface History {
  attempts: Attempt[];
  violations: string[];
}

const final = (status: string | null) =>
  status !== null && status !== 'queued' && status !== 'running';

/** Made by whoever finds a lease that ran out, and by nobody else. */
const takenOver = ({ old_status, reason, status }: Written) =>
  old_status === 'running' &&
  status !== 'running' &&
  (reason === 'worker lost' || reason === 'cancelled');

/**
 * Reads the audit in order and says what breaks the protocol: a run that was finished twice or written
 * after its end, two holders at once, a fence that did not grow, a write by somebody who does not hold it, a run
 * that was taken from a holder whose lease had not run out.
 *
 * @param postOfWorker by the name under which runs are leased
 * @param postAt by the address that a writer came from
 */
export function follow(
  written: Written[],
  postOfWorker: (worker: string) => string,
  postAt: (address: string) => string | undefined,
): History {
  const attempts: Attempt[] = [];
  const violations: string[] = [];
  const current = new Map<string, Attempt>();
  const last = new Map<string, Attempt>();

  for (const row of written) {
    const { run, old_status, status, at } = row;
    const says = (what: string) =>
      violations.push(`run ${run}: ${what} (audit ${row.seq}, at ${new Date(at).toISOString()})`);
    if (final(old_status)) says(`written as ${status} after it had ended as ${old_status}`);
    const holder = current.get(run);
    if (takenOver(row) && row.reason === 'worker lost' && row.old_lease! > at)
      says(
        `taken over from ${holder?.post} ${Math.round(row.old_lease! - at)} ms before its lease ran out`,
      );
    const writer = row.writer === null ? undefined : postAt(row.writer);
    if (old_status === 'running' && holder && !takenOver(row) && writer && writer !== holder.post)
      says(`held by ${holder.post} under fence ${holder.fence}, but ${writer} wrote ${status}`);

    if (status === 'running' && old_status !== 'running') {
      if (old_status !== 'queued') says(`started from ${old_status}`);
      const fence = Number(row.fence);
      const before = last.get(run);
      if (before && fence <= before.fence) says(`fence ${fence} after fence ${before.fence}`);
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
      says(`fence ${row.old_fence} became ${row.fence} while it was running`);
    } else if (old_status === 'running' && status !== 'running') {
      if (holder) Object.assign(holder, { to: at, status, reason: row.reason });
      current.delete(run);
    }
  }
  return { attempts, violations };
}
