import type { Config } from '../../config.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import {
  configuredBackend,
  migrateQueue,
  recordedBackend,
  refuseWhileAlive,
  switchBackend,
  type BackendName,
} from '../../queue/backend.ts';
import { authorise, type Actor } from '../actor.ts';

/** Throws UsageError for a text that names no backend. */
export function backendOf(given: string): BackendName {
  if (given === 'redis' || given === 'postgres') return given;
  throw new UsageError({
    what: `the queue cannot be switched to ${given}`,
    why: 'BullMQ has two backends here',
    hint: '`npx roundsman db queue redis`, or `npx roundsman db queue postgres`',
  });
}

export const isQueuedOn = async (db: Db, backend: BackendName): Promise<boolean> =>
  (await recordedBackend(db)) === backend;

/** Whether processes with this configuration would start on that backend. */
export const fitsBackend = (config: Config, backend: BackendName): boolean =>
  configuredBackend(config) === backend;

/** Switches the backend that moves the runs. For owners. Throws an error if a process is alive. */
export async function switchQueue(
  { db, url, actor }: { db: Db; url: string; actor: Actor },
  { to }: { to: BackendName },
): Promise<void> {
  authorise(actor, 'switch the queue', 'owner');
  // `switchBackend` checks this again under its lock. The check before it prevents that a refused switch leaves tables behind.
  await refuseWhileAlive(db);
  if (to === 'postgres') await migrateQueue(url);
  await switchBackend(db, to);
}
