import { sql } from 'kysely';
import type { Db } from '../../database/connect.ts';

/** The name of the secret with which calls of the demo's remote bot are signed. */
export const remoteSecretName = 'NEWSLETTER_KEY';

/** Adds the bot, and allows its host and no other. Returns the bot. */
export async function plantRemoteBot(
  db: Db,
  { url, host }: { url: string; host: string },
): Promise<{ id: string; name: string }> {
  await sql`
    INSERT INTO engine.settings (key, value) VALUES ('http_hosts', ${JSON.stringify([host])}::jsonb)`.execute(
    db,
  );
  return db
    .insertInto('bots')
    .values({
      name: 'newsletter',
      display_name: 'Newsletter',
      description: 'Asks a route of the platform, over https, whether newsletters are sent.',
      schedule_cron: '*/10 * * * *',
      api_endpoint: url,
      config: JSON.stringify({ secrets: [remoteSecretName] }),
    })
    .returning(['id', 'name'])
    .executeTakeFirstOrThrow();
}
