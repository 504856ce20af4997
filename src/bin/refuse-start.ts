import type { Session } from '../cli/session/database.ts';

/**
 * Refuses a start that would be refused after the database was migrated: with another backend of the queue than the
 * recorded one. Throws OtherBackendError.
 */
export async function refuseStart({ db, config }: Pick<Session, 'db' | 'config'>): Promise<void> {
  const { configuredBackend, refuseOtherBackend } = await import('../queue/backend.ts');
  await refuseOtherBackend(db, configuredBackend(config));
}
