import { UsageError } from '../../ground/errors.ts';
import { withDatabase } from '../session/database.ts';
import { json, say } from '../terminal/print.ts';

/** `db queue redis|postgres`: switches the backend that moves the runs, while nothing is running. */
export async function switchQueue(to: string, options: { json?: true }): Promise<void> {
  if (to !== 'redis' && to !== 'postgres')
    throw new UsageError({
      what: `the queue cannot be switched to ${to}`,
      why: 'BullMQ has two backends here',
      hint: 'npx roundsman db queue redis, or npx roundsman db queue postgres',
    });
  await withDatabase(async ({ config, db, url }) => {
    const { configuredBackend, migrateQueue, recordedBackend, switchBackend } =
      await import('../../queue/backend.ts');
    const already = (await recordedBackend(db)) === to;
    if (already && !options.json) return say(`Runs are queued on ${to} already.`);
    if (to === 'postgres') await migrateQueue(url);
    await switchBackend(db, to);
    if (options.json) return json([{ key: 'queue_backend', value: to }]);
    say(
      `Runs are queued on ${to} from now on; what was waiting is queued again at the next start.`,
    );
    if (configuredBackend(config) !== to)
      say(`${to === 'redis' ? 'Set' : 'Unset'} REDIS_URL for every process, or none will start.`);
  });
}
