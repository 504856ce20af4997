/** Asks a remote bot that may report later, and waits for its report. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CheckContext } from '../contract/check.ts';
import type { AwaitedReport } from '../contract/report.ts';
import { currentMode, healsIn } from '../data/bots/engine.ts';
import type { Answered, Reply } from './reply.ts';

/** How long before the run's deadline a report is taken at the latest: it still has to be read and recorded. */
const recordMs = { share: 0.05, least: 1_000, most: 5_000 };
/** How often it is looked whether the report has come: often at first, then each second. */
const lookMs = { first: 100, most: 1_000, factor: 1.5 };

/** For how many milliseconds a report may be awaited in a run of which `leftMs` are left. */
export const awaitableMs = (leftMs: number, timeoutMs: number): number =>
  leftMs - Math.min(recordMs.most, Math.max(recordMs.least, timeoutMs * recordMs.share));

/**
 * Sends the request with `send`, unless an interrupted start of the same attempt has sent it and the remote bot has taken it on; then
 * waits where the answer is 202. A report that was taken counts, however the request ended.
 */
export async function askAndWait(
  report: AwaitedReport,
  context: CheckContext,
  send: () => Promise<Reply>,
): Promise<Answered> {
  if (!report.accepted) {
    const reply = await send().catch(async (error: unknown) => {
      // A run that is stopped may begin again with this request: then its report is still awaited.
      if (context.signal.aborted || (await report.giveUp())) throw error;
      return null;
    });
    if (reply?.kind === 'accepted') await report.accept(reply.leaseSeconds);
    else if (reply !== null && (await report.giveUp())) return reply;
  }
  return { kind: 'body', body: await waitFor(report, context) };
}

async function waitFor(
  report: AwaitedReport,
  { db, signal, progress, skip, timeOut }: CheckContext,
): Promise<unknown> {
  const began = performance.now();
  let delayMs = lookMs.first;
  for (;;) {
    const seen = await report.take();
    if ('body' in seen) return seen.body;
    const { leftMs } = seen;
    if (leftMs === 0) {
      if (await report.giveUp())
        timeOut('it has taken the request on, and has not reported by the end of its lease');
    } else if (!healsIn(await currentMode(db))) {
      if (await report.giveUp())
        skip(
          'its report is not awaited any longer: the mode is off; `npx roundsman mode` shows it',
          'kill_switch',
        );
    } else {
      const waitedMs = performance.now() - began;
      const until = new Date(Date.now() + leftMs).toISOString();
      progress(waitedMs / (waitedMs + leftMs), `the remote bot reports by ${until}`);
      await sleep(Math.min(delayMs, leftMs), undefined, { signal });
      delayMs = Math.min(lookMs.most, delayMs * lookMs.factor);
    }
  }
}
