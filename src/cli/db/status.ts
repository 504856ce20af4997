import { databaseStatus as read } from '../../services/database/status.ts';
import { addressWithoutPassword, withDatabase } from '../session/database.ts';
import { facts, paint, say, time } from '../terminal/print.ts';
import { table } from '../terminal/table.ts';
import type { ShowOptions } from '../arguments/show-options.ts';
import { printDocument, isData } from '../listing/document.ts';

export const databaseStatus = (options: ShowOptions): Promise<void> =>
  withDatabase(
    async ({ db, url }) => {
      const { version, queue, migrations, whole } = await read(db);
      if (isData(options))
        return printDocument(
          {
            server_version: version,
            queue_backend: queue,
            kysely_migration: migrations,
          },
          options,
        );
      const pending = migrations.filter(({ timestamp }) => !timestamp);
      facts([
        ['Server', `PostgreSQL ${version} at ${addressWithoutPassword(url)}`],
        [
          'Queue',
          queue
            ? `BullMQ on ${queue}`
            : 'none recorded yet: the first process that starts records it',
        ],
        [
          'Migrations',
          `${migrations.length - pending.length} applied, ${pending.length} pending${whole ? '' : '; only the bots are installed'}`,
        ],
      ]);
      say();
      table(
        ['Migration', 'Applied'],
        migrations.map(({ name, timestamp }) => [
          name,
          timestamp ? time(timestamp) : paint('yellow', 'pending'),
        ]),
        'No migrations.',
      );
      if (pending.length > 0)
        say(
          `\nRun \`npx roundsman db migrate${whole ? '' : ' --only bots'}\` to apply the pending ones.`,
        );
    },
    { allowPending: true },
  );
