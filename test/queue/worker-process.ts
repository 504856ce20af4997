/** One worker process through outages of its servers: it is never started again, and goes on by itself. */
import { expect, onTestFinished } from 'vitest';
import { queueManualRun } from '../../src/services/runs/queue.ts';
import type { Db } from '../../src/database/connect.ts';
import { roundsman } from '../support/installation.ts';

/** From the end of an outage to the end of a run: what the protocol promises at most, and room for slow machines. */
const recoveredWithinMs = 15_000;

/** A worker that has carried out a run already; `ask` asks for another one and measures how long it takes. */
export async function aWorker(checkout: string, db: Db, settings: NodeJS.ProcessEnv) {
  const worker = roundsman(checkout, settings, 'worker');
  const said = () => worker.lines().map(({ msg }) => msg);
  await expect.poll(said, { timeout: 20_000 }).toContain('started');
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
    // It has survived: the process of the start is the process of the end.
    expect(worker.child.exitCode).toBeNull();
  });
  return { worker, request, ended };
}

export function recovered(what: string, tookMs: number): void {
  console.log(`${what}: ${(tookMs / 1000).toFixed(1)} s`);
  expect(tookMs, what).toBeLessThan(recoveredWithinMs);
}
