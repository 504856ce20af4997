import { withDatabase } from '../session/database.ts';
import { counted, json, say } from '../terminal/print.ts';

export const migrate = (options: { json?: true }): Promise<void> =>
  withDatabase(
    async ({ migrated }) => {
      if (options.json) return json(migrated.map((name) => ({ name })));
      for (const name of migrated) say(`applied ${name}`);
      say(
        migrated.length > 0
          ? `${counted(migrated.length, 'migration')} applied.`
          : 'Nothing to apply: the database is up to date.',
      );
    },
    { create: true, migrate: true },
  ).catch(async (error: unknown) => {
    const { differencesIn } = await import('../../services/database/differences.ts');
    const differences = differencesIn(error);
    if (options.json && differences) json({ differences });
    throw error;
  });
