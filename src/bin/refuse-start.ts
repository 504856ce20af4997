import type { Session } from '../cli/session/database.ts';

/**
 * Refuses a start with another backend of the queue than the recorded one, before the database is migrated; the start
 * itself would refuse it only after the migration. Throws OtherBackendError.
 */
export async function refuseStart({ db, config }: Pick<Session, 'db' | 'config'>): Promise<void> {
  const { configuredBackend, refuseOtherBackend } = await import('../queue/backend.ts');
  await refuseOtherBackend(db, configuredBackend(config));
}
