import { UsageError } from '../../ground/errors.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { counted, printJson, say } from '../terminal/print.ts';

interface MigrateOptions {
  only?: 'bots';
  adminTest?: string;
  json?: true;
}

export async function migrate({ only, adminTest, ...options }: MigrateOptions): Promise<void> {
  if (adminTest !== undefined && only === undefined)
    throw new UsageError({
      what: '--admin-test goes with --only bots',
      why: 'in the whole schema profiles.role says who is an admin',
      hint: '`npx roundsman db migrate --only bots --admin-test public.is_admin`',
    });
  await withDatabase(
    async ({ db, migrated }) => {
      const service = await import('../../services/database/admin-test.ts');
      if (adminTest !== undefined)
        await service.useAdminTest({ db, actor: actorOf() }, { name: adminTest });
      if (options.json) return printJson(migrated.map((name) => ({ name })));
      for (const name of migrated) say(`applied ${name}`);
      say(
        migrated.length > 0
          ? `${counted(migrated.length, 'migration')} applied.`
          : 'Nothing to apply: the database is up to date.',
      );
      if (only === undefined) return;
      const test = await service.adminTest(db);
      const fault = await service.adminTestFault(db);
      say(
        fault
          ? `Only the bots are installed. No user may read their tables: ${fault.name} cannot say who is an admin (${fault.why}). Make it again, or name another one with --admin-test.`
          : test === null
            ? "Only the bots are installed. No user may read their tables until --admin-test names the platform's function that says who is an admin."
            : `Only the bots are installed. Users for whom ${test} is true may read their tables.`,
      );
    },
    {
      // A new embedded database has no function of a platform that could be named.
      create: adminTest === undefined,
      migrate: true,
      tables: only ?? 'all',
      ...(adminTest !== undefined && {
        before: async ({ db }) => {
          const { checkAdminTest } = await import('../../services/database/admin-test.ts');
          await checkAdminTest({ db, actor: actorOf() }, { name: adminTest });
        },
      }),
    },
  ).catch(async (error: unknown) => {
    const { differencesIn } = await import('../../services/database/differences.ts');
    const differences = differencesIn(error);
    if (options.json && differences) printJson({ differences });
    throw error;
  });
}
