/** Starts one worker process for tests of outages: it is never started again, and has to go on by itself. */
import { expect, onTestFinished } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import type { Db } from '../../src/database/connect.ts';
import { roundsman } from '../support/installation.ts';

/** The longest time from the end of an outage to the end of a run: the protocol's limit, and more for slow machines. */
const recoveredWithinMs = 15_000;

/**
 * Starts a worker, and waits until it has executed a run. `request` requests another run and returns its id; `ended` waits
 * for its success and returns how many ms it took.
 */
export async function startWorker(checkout: string, db: Db, settings: NodeJS.ProcessEnv) {
  const worker = roundsman(checkout, settings, 'worker');
  const messages = () => worker.lines().map(({ msg }) => msg);
  await expect.poll(messages, { timeout: 20_000 }).toContain('started');
  const { id: bot } = await db
    .selectFrom('bots')
    .select('id')
    .where('name', '=', 'quick')
    .executeTakeFirstOrThrow();
  const request = async () => (await queueManualRun(db, bot)).id;
  const ended = async (id: string, since = performance.now()) => {
    await expect
      .poll(
        async () => {
          const row = db.selectFrom('bot_executions').select('status').where('id', '=', id);
          return (await row.executeTakeFirstOrThrow()).status;
        },
        { timeout: recoveredWithinMs + 5_000, interval: 50 },
      )
      .toBe('success');
    return performance.now() - since;
  };
  await ended(await request());
  onTestFinished(() => {
    // The process that was started still runs.
    expect(worker.child.exitCode).toBeNull();
  });
  return { worker, request, ended };
}

export function checkRecovery(what: string, tookMs: number): void {
  console.log(`${what}: ${(tookMs / 1000).toFixed(1)} s`);
  expect(tookMs, what).toBeLessThan(recoveredWithinMs);
}
