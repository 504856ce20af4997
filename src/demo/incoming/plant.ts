import type { Db } from '../../database/connect.ts';

/** The name of the secret that proves the deliveries of the demo's source. */
export const sourceSecretName = 'BUILDS_SECRET';

/** Adds the bot of a source that takes webhooks of GitHub. Returns the bot. */
export const plantSource = (db: Db): Promise<{ id: string; name: string }> =>
  db
    .insertInto('bots')
    .values({
      name: 'builds',
      display_name: 'Builds',
      description: 'Reads what GitHub sends about workflows, and records failed ones as findings.',
      schedule_cron: '*/5 * * * *',
      api_endpoint: 'in:builds',
      config: JSON.stringify({
        kind: 'github',
        secrets: [sourceSecretName],
        category: 'deployment',
        severity: 'high',
      }),
    })
    .returning(['id', 'name'])
    .executeTakeFirstOrThrow();
