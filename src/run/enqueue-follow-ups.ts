import type { Engine } from './engine.ts';
import type { Ended } from './writer/flush.ts';
import type { Run } from './writer/run.ts';

/** Queues the run's own retry, and the bot's next run, to which it made way. */
export async function enqueueFollowUps(
  { log, queue }: Engine,
  run: Run,
  ended: Ended,
): Promise<void> {
  const { status, findings, retry, next } = ended;
  log.info(
    {
      run: run.id,
      bot: run.bot.name,
      attempt: run.attempt,
      status: retry ? 'retry' : status,
      findings,
    },
    'run ended',
  );
  const entries = [...(retry ? [{ id: run.id, ...retry }] : []), ...(next ? [next] : [])];
  if (entries.length > 0)
    await queue
      .add(entries)
      .catch((error: unknown) =>
        log.warn({ err: error, run: run.id }, 'what comes next could not be queued; rescue will'),
      );
}
