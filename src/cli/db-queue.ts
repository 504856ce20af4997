import { UsageError } from '../errors.ts';
import { withDatabase } from './database.ts';
import { json, say } from './print.ts';

/** `db queue redis|postgres`: switches the backend that moves the runs, while nothing is running. */
export async function switchQueue(to: string, options: { json?: true }): Promise<void> {
  if (to !== 'redis' && to !== 'postgres')
    throw new UsageError({
      what: `the queue cannot be switched to ${to}`,
      why: 'BullMQ has two backends here',
      hint: 'roundsman db queue redis, or roundsman db queue postgres',
    });
  await withDatabase(async ({ db, url }) => {
    const { migrateQueue, switchBackend } = await import('../queue/backend.ts');
    if (to === 'postgres') await migrateQueue(url);
    await switchBackend(db, to);
    if (options.json) return json([{ key: 'queue_backend', value: to }]);
    say(
      `Runs are queued on ${to} from now on; what was waiting is queued again at the next start.`,
    );
    say(to === 'redis' ? 'Set REDIS_URL for every process.' : 'Unset REDIS_URL for every process.');
  });
}
