import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { printJson, say } from '../terminal/print.ts';

/** `db queue redis|postgres`: switches the backend that moves the runs, while nothing is running. */
export async function switchQueue(given: string, options: { json?: true }): Promise<void> {
  const service = await import('../../services/database/queue.ts');
  const to = service.backendOf(given);
  await withDatabase(async ({ config, db, url }) => {
    if (!options.json && (await service.isQueuedOn(db, to)))
      return say(`Runs are queued on ${to} already.`);
    await service.switchQueue({ db, url, actor: actorOf() }, { to });
    if (options.json) return printJson([{ key: 'queue_backend', value: to }]);
    say(
      `Runs are queued on ${to} from now on; what was waiting is queued again at the next start.`,
    );
    if (!service.fitsBackend(config, to))
      say(
        `${to === 'redis' ? 'Set' : 'Unset'} REDIS_URL for every process, or no process will start.`,
      );
  });
}
