/** Runs a ticket's check again, and says what it found. */
import { printable, shortId } from '../../ground/text.ts';
import { hasWorker } from '../../services/runs/has-worker.ts';
import { queueManualRun } from '../../services/runs/queue.ts';
import { untilEnded, type ExecutionRow } from '../../services/runs/watch.ts';
import type { Review } from '../../services/tickets/review.ts';
import { verdictOn } from '../../services/tickets/verdict.ts';
import { duration, time } from '../terminal/print.ts';
import { nameOf, type Context } from './actions/action.ts';

/** Queues a run, and returns it with the lines to show while it is waited for. Throws what `queueManualRun` throws. */
export async function queueCheck(
  { db }: Context,
  seen: Review,
): Promise<{ run: ExecutionRow; lines: string[] }> {
  const run = await queueManualRun(db, seen.ticket.bot_id!);
  const bot = printable(seen.ticket.bots.name ?? '-');
  const waits = (await hasWorker(db))
    ? 'Waiting for its end.'
    : 'No worker is alive: it runs when one starts (`npx roundsman up`).';
  return {
    run,
    lines: [`Queued a run of ${bot} for ${nameOf(seen)}: ${shortId(run.id)}`, '', waits],
  };
}

/** Waits for the end of the run; null where the signal aborts first. */
export async function verdictInLines(
  { db }: Context,
  { ticket }: Review,
  { run: id, signal }: { run: string; signal: AbortSignal },
): Promise<string[] | null> {
  const run = await untilEnded(db, { run: id, signal });
  if (!run) return null;
  const found = await verdictOn(db, ticket, run);
  const words = {
    clean: 'clean: the check looked, and did not find the problem any more.',
    failing: 'failing: the check found the problem again.',
    'too few events': `not known yet: ${'since' in found ? `the check counted only events from ${time(found.since)} on, and those are too few to tell` : ''}.`,
    unknown: `not known: ${'why' in found ? printable(found.why) : ''}.`,
  };
  return [
    `The run ${shortId(run.id)} ended as ${run.status} in ${duration(run.execution_time_ms)}.`,
    '',
    `Verdict on T-${ticket.number}: ${words[found.verdict]}`,
  ];
}
